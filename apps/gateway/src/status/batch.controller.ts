import { Controller, Get, Param, Query, type StreamableFile } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { HttpErrorResponseDto } from '@gpo/g2p-connect-schemas';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { CurrentPrincipal } from '../senders/authentication.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { batchRows } from './batch.csv.js';
import { BatchDto, BatchPageDto, BreakdownDto, DisbursementPageDto } from './batch.dto.js';
import {
  readBatchFilter,
  readLineFilter,
  readPathId,
  readTime,
  wantsCsv,
  type BatchFilter,
} from './batch.query.js';
import { hasBatch, readBatches } from './batch.repository.js';
import { CsvExport } from './csv.export.js';
import { DisbursementDetailDto } from './disbursement.dto.js';
import { linesOf } from './line.query.js';
import { readBreakdown, readDisbursement, readLinesPage } from './line.repository.js';
import { ApiAsOf, ApiBatchFilter, ApiLineFilter, ApiList, ApiUnchanged } from './list.decorators.js';
import { pagePosition, readPageLimit } from './page-position.js';

const LINES_MAX = 2_147_483_647;

type Answer = Record<string, unknown>;

/** Batch status API: an auditor sees every batch, a sender its own. A foreign id looks like a missing one. */
@ApiTags('batch status')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class BatchController {
  constructor(
    private readonly record: ReadPool,
    private readonly csv: CsvExport,
  ) {}

  @Get('batches')
  @ApiOperation({ summary: 'Batches, newest first.' })
  @ApiBatchFilter()
  @ApiList(BatchPageDto, { type: 'string' })
  async batches(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer | StreamableFile> {
    const limit = readPageLimit(query.limit);
    const filter: BatchFilter = { ...readBatchFilter(query), ...senderScope(principal) };
    if (wantsCsv(query)) return this.csv.open(batchRows(filter), 'batches');
    const rows = await readBatches(this.record, { ...filter, limit: limit + 1 });
    const batches = rows.slice(0, limit);
    const last = rows.length > limit ? batches.at(-1) : undefined;
    const next =
      last === undefined ? null : pagePosition({ at: last.position, id: String(last.batch.batch_id) });
    return { batches: batches.map(({ batch }) => batch), next };
  }

  @Get('batches/:batch_id')
  @ApiOperation({ summary: 'One batch with counts and amounts per state.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: BatchDto })
  @ApiUnchanged()
  async batch(@CurrentPrincipal() principal: Principal, @Param('batch_id') id: string): Promise<Answer> {
    const filter = { ...senderScope(principal), batchId: readPathId(id), limit: 1 };
    const [found] = await readBatches(this.record, filter);
    if (found === undefined) throw notFound();
    return found.batch;
  }

  @Get('batches/:batch_id/breakdown')
  @ApiOperation({
    summary: 'Counts and amounts of a batch per state, lane, currency and reason, now or at a time.',
    description:
      'Counted from the rows, so it takes time with the size of the batch: about a second for 100,000 lines.',
  })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiAsOf()
  @ApiOkResponse({ type: BreakdownDto })
  @ApiUnchanged()
  async breakdown(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer> {
    const asOf = readTime(query, 'as_of');
    await this.requireBatch(principal, id);
    return { batch_id: id, as_of: asOf ?? null, rows: await readBreakdown(this.record, id, asOf) };
  }

  @Get('batches/:batch_id/disbursements')
  @ApiOperation({ summary: 'The lines of a batch, refused ones included, by line number.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiLineFilter()
  @ApiList(DisbursementPageDto, { type: 'integer', minimum: 0 })
  async disbursements(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Answer | StreamableFile> {
    const [limit, after] = [readPageLimit(query.limit), readLine(query.after)];
    const filter = { ...readLineFilter(query), ...senderScope(principal) };
    const isCsv = wantsCsv(query);
    const rows = isCsv ? [] : await readLinesPage(this.record, readPathId(id), filter, after, limit + 1);
    // Lines that are found are those of a batch that may be seen.
    if (rows.length === 0) await this.requireBatch(principal, id);
    if (isCsv) return this.csv.open(linesOf(id, filter, 0), `batch-${id}`);
    const disbursements = rows.slice(0, limit);
    return { disbursements, next: rows.length > limit ? disbursements.at(-1)?.line_no : null };
  }

  @Get('disbursements/:disbursement_id')
  @ApiOperation({ summary: 'One disbursement with its attempts and every state change.' })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: DisbursementDetailDto })
  @ApiUnchanged()
  async disbursement(
    @CurrentPrincipal() principal: Principal,
    @Param('disbursement_id') id: string,
  ): Promise<Answer> {
    const found = await readDisbursement(this.record, readPathId(id), senderScope(principal).senderId);
    if (found === undefined) throw notFound();
    return found;
  }

  /** @throws ApiError where there is none, or it is another sender's. */
  private async requireBatch(principal: Principal, id: string): Promise<void> {
    if (!(await hasBatch(this.record, { ...senderScope(principal), batchId: readPathId(id) })))
      throw notFound();
  }
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'There is no such batch or disbursement.');
}

/** The line after which a page begins. */
function readLine(value: unknown = '0'): number {
  const line = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (!(line <= LINES_MAX))
    throw new ApiError('err.request.bad', `after must be a whole number from 0 to ${LINES_MAX}.`);
  return line;
}

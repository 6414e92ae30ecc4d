import { Controller, Get, Param, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HttpErrorResponseDto, UUID } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { CurrentPrincipal } from '../senders/authentication.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { BatchDto, BatchPageDto, DisbursementPageDto } from './batch.dto.js';
import { DisbursementDetailDto } from './disbursement.dto.js';
import { readBatches, readDisbursement, readLinesPage, type BatchFilter } from './batch.repository.js';
import { pagePosition, readPagePosition } from './page-position.js';

const PAGE_MAX = 1000;
const PAGE = 100;

/** Batch status API: an auditor sees every batch, a sender its own. A foreign id looks like a missing one. */
@ApiTags('batch status')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class BatchController {
  constructor(private readonly dataSource: DataSource) {}

  @Get('batches')
  @ApiOperation({ summary: 'Batches, newest first.' })
  @ApiQuery({ name: 'transaction_id', required: false, schema: { type: 'string' } })
  @ApiQuery({
    name: 'after',
    required: false,
    description: '`next` of the page before.',
    schema: { type: 'string' },
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: PAGE },
  })
  @ApiOkResponse({ type: BatchPageDto })
  async batches(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    const limit = readLimit(query.limit);
    const filter: BatchFilter = { ...senderScope(principal), limit: limit + 1 };
    if (typeof query.transaction_id === 'string') filter.transactionId = query.transaction_id;
    if (query.after !== undefined) filter.after = readPagePosition(query.after);
    const rows = await readBatches(this.dataSource, filter);
    const batches = rows.slice(0, limit);
    const last = batches.at(-1);
    const next =
      rows.length > limit && last
        ? pagePosition({ at: last.position, id: String(last.batch.batch_id) })
        : null;
    return { batches: batches.map(({ batch }) => batch), next };
  }

  @Get('batches/:batch_id')
  @ApiOperation({ summary: 'One batch with counts and amounts per state.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: BatchDto })
  async batch(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
  ): Promise<Record<string, unknown>> {
    const [found] = await readBatches(this.dataSource, {
      ...senderScope(principal),
      batchId: readId(id),
      limit: 1,
    });
    if (found === undefined) throw notFound();
    return found.batch;
  }

  @Get('batches/:batch_id/disbursements')
  @ApiOperation({ summary: 'The lines of a batch, refused ones included, in pages by line number.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiQuery({ name: 'after', required: false, schema: { type: 'integer', minimum: 0, default: 0 } })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: PAGE },
  })
  @ApiOkResponse({ type: DisbursementPageDto })
  async disbursements(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Query() query: Record<string, unknown>,
  ): Promise<Record<string, unknown>> {
    await this.batch(principal, id);
    const limit = readLimit(query.limit);
    const after = readWhole(query.after ?? '0', 0, 2_147_483_647, 'after');
    const rows = await readLinesPage(this.dataSource, id, after, limit + 1);
    const disbursements = rows.slice(0, limit);
    return { disbursements, next: rows.length > limit ? disbursements.at(-1)?.line_no : null };
  }

  @Get('disbursements/:disbursement_id')
  @ApiOperation({ summary: 'One disbursement with its attempts and every state change.' })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: DisbursementDetailDto })
  async disbursement(
    @CurrentPrincipal() principal: Principal,
    @Param('disbursement_id') id: string,
  ): Promise<Record<string, unknown>> {
    const found = await readDisbursement(this.dataSource, readId(id), senderScope(principal).senderId);
    if (found === undefined) throw notFound();
    return found;
  }
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'There is no such batch or disbursement.');
}

function readId(id: string): string {
  if (!UUID.test(id)) throw notFound();
  return id;
}

function readLimit(value: unknown): number {
  return readWhole(value ?? String(PAGE), 1, PAGE_MAX, 'limit');
}

function readWhole(value: unknown, smallest: number, largest: number, name: string): number {
  const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : NaN;
  if (!(number >= smallest && number <= largest)) {
    throw new ApiError('err.request.bad', `${name} must be a whole number from ${smallest} to ${largest}.`);
  }
  return number;
}

import {
  Body,
  Controller,
  Get,
  HttpCode,
  Param,
  Post,
  Query,
  StreamableFile,
  UseGuards,
} from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HttpErrorResponseDto, UUID } from '@gpo/g2p-connect-schemas';
import {
  importStatements,
  readImported,
  readStatementFile,
  type Imported,
  type ImportSource,
  type ReadStatement,
} from '@gpo/reconciliation';
import { readMapping, readStatements } from '@gpo/statements';
import { UnreadableFile } from '@gpo/xml';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { readObject, textWithin } from '../hold/decision.body.js';
import { readLanes } from '../lanes/lane.repository.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { refuseSenders, type Principal } from '../senders/sender.js';
import { text } from '../status/batch.query.js';
import { ApiPage, ApiUnchanged } from '../status/list.decorators.js';
import { pagePosition, readPageLimit, readPagePosition } from '../status/page-position.js';
import { ImportedDto, StatementImportDto, StatementPageDto } from './reconciliation.dto.js';

const TEXT_MAX = 256;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Statements of rails: operators import them, auditors read them and take the files away. */
@ApiTags('reconciliation')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class StatementController {
  constructor(
    private readonly record: ReadPool,
    private readonly dataSource: DataSource,
  ) {}

  @Get('reconciliation/statements')
  @ApiOperation({ summary: 'Statements that were imported, the newest first.' })
  @ApiQuery({ name: 'lane', required: false, schema: { type: 'string', maxLength: TEXT_MAX } })
  @ApiPage()
  @ApiOkResponse({ type: StatementPageDto })
  @ApiUnchanged()
  async statements(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ statements: ReadStatement[]; next: string | null }> {
    refuseSenders(principal, 'statements');
    const limit = readPageLimit(query.limit);
    const lane = text(query, 'lane');
    const after = query.after === undefined ? undefined : readPagePosition(query.after);
    const rows = await readImported(this.record, {
      ...{
        limit: limit + 1,
        ...(lane === undefined ? {} : { lane }),
        ...(after === undefined ? {} : { after }),
      },
    });
    const statements = rows.slice(0, limit);
    const last = rows.length > limit ? statements.at(-1) : undefined;
    const next = last === undefined ? null : pagePosition({ at: last.imported_at, id: last.statement_id });
    return { statements, next };
  }

  @Get('reconciliation/statements/:statement_id/file')
  @ApiOperation({ summary: 'The file that a statement came in, byte for byte.' })
  @ApiParam({ name: 'statement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({
    content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } },
  })
  async file(
    @CurrentPrincipal() principal: Principal,
    @Param('statement_id') id: string,
  ): Promise<StreamableFile> {
    refuseSenders(principal, 'statements');
    const found = UUID.test(id) ? await readStatementFile(this.record, id) : undefined;
    if (found === undefined) throw new ApiError('err.request.not_found', 'There is no such statement.');
    const name = found.name.replace(/[^\w.-]/g, '_');
    return new StreamableFile(found.bytes, { disposition: `attachment; filename="${name}"` });
  }

  @Post('operator/reconciliation/statements')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({
    summary:
      'Keeps the bookings of a statement, finds the attempt of each, and compares the books of the lane.',
    description:
      'The same file again changes nothing. Files over BODY_BYTES_MAX are imported with `npm run gpo -- reconcile import`.',
  })
  @ApiBody({ type: StatementImportDto })
  @ApiOkResponse({ type: ImportedDto })
  async import(@CurrentOperator() actor: string, @Body() body: Buffer | undefined): Promise<Imported> {
    const fields = readObject(body);
    const source = readSource(fields, actor);
    if ((await readLanes(this.dataSource, source.lane)).length === 0)
      throw new ApiError('err.request.bad', 'There is no such lane.');
    const mapping = await usable('mapping', () =>
      fields.mapping === undefined ? undefined : readMapping(fields.mapping),
    );
    return usable('file', async () =>
      importStatements(this.dataSource, await readStatements(source.bytes, mapping), source),
    );
  }
}

/** @throws ApiError with the sentence of what cannot be read. */
async function usable<T>(what: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof UnreadableFile)) throw error;
    throw new ApiError('err.request.bad', `The ${what} cannot be used: ${error.message}.`);
  }
}

/** @throws ApiError that names the field. */
function readSource(fields: Record<string, unknown>, actor: string): ImportSource {
  const need = (name: string): string => {
    const found = textWithin(fields[name], 1, TEXT_MAX);
    if (found === undefined)
      throw new ApiError(
        'err.request.bad',
        `${name} must be a text of 1 to ${TEXT_MAX} characters in one line.`,
      );
    return found;
  };
  const { content } = fields;
  if (typeof content !== 'string' || content.length % 4 !== 0 || !BASE64.test(content))
    throw new ApiError('err.request.bad', 'content must be the bytes of the file in base64.');
  const source = {
    lane: need('lane'),
    fileName: need('file_name'),
    bytes: Buffer.from(content, 'base64'),
    actor,
  };
  return fields.account === undefined ? source : { ...source, account: need('account') };
}

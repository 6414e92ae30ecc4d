import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
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
  BREAK_KINDS,
  BREAK_STATES,
  readAccountStatus,
  readBreaks,
  readPositions,
  settleBreak,
  type AccountStatus,
  type ReadBreak,
  type ReadPosition,
} from '@gpo/reconciliation';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { readObject, readReason } from '../hold/decision.body.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { refuseSenders, type Principal } from '../senders/sender.js';
import { text } from '../status/batch.query.js';
import { ApiPage, ApiUnchanged } from '../status/list.decorators.js';
import { pagePosition } from '../status/page-position.js';
import {
  AccountListDto,
  BreakDecisionDto,
  BreakPageDto,
  BreakSettledDto,
  PositionListDto,
} from './reconciliation.dto.js';
import { readBreakFilter, readPositionQuery } from './reconciliation.query.js';

const LANE = { name: 'lane', required: false, schema: { type: 'string', maxLength: 256 } } as const;
const DAY = { type: 'string', format: 'date' } as const;

/** What rails say that they paid, beside what the record says (docs/statements.md). Auditors read; operators settle; senders see none of it. */
@ApiTags('reconciliation')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class ReconciliationController {
  constructor(
    private readonly record: ReadPool,
    private readonly dataSource: DataSource,
  ) {}

  @Get('reconciliation/accounts')
  @ApiOperation({
    summary: 'Each account of which there are statements: days, sums, bookings that found no attempt.',
  })
  @ApiQuery(LANE)
  @ApiOkResponse({ type: AccountListDto })
  @ApiUnchanged()
  async accounts(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ accounts: AccountStatus[] }> {
    refuseSenders(principal, 'statements');
    return { accounts: await readAccountStatus(this.record, text(query, 'lane')) };
  }

  @Get('reconciliation/breaks')
  @ApiOperation({ summary: 'What rail and record do not agree about, the oldest first.' })
  @ApiQuery(LANE)
  @ApiQuery({ name: 'kind', required: false, enum: BREAK_KINDS })
  @ApiQuery({ name: 'state', required: false, enum: BREAK_STATES, description: 'All where it is left out.' })
  @ApiQuery({ name: 'batch_id', required: false, schema: { type: 'string', format: 'uuid' } })
  @ApiPage()
  @ApiOkResponse({ type: BreakPageDto })
  @ApiUnchanged()
  async breaks(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ breaks: ReadBreak[]; next: string | null }> {
    refuseSenders(principal, 'breaks');
    const filter = readBreakFilter(query);
    const rows = await readBreaks(this.record, filter);
    const breaks = rows.slice(0, filter.limit - 1);
    const last = rows.length === filter.limit ? breaks.at(-1) : undefined;
    return {
      breaks,
      next: last === undefined ? null : pagePosition({ at: last.opened_at, id: last.break_id }),
    };
  }

  @Get('reconciliation/positions')
  @ApiOperation({
    summary:
      'Each account day by day: opening, paid, returned, closing, in flight, and what the bank closed with.',
    description: 'The last week where no days are given; at most 92 days.',
  })
  @ApiQuery(LANE)
  @ApiQuery({ name: 'account', required: false, schema: { type: 'string', maxLength: 256 } })
  @ApiQuery({ name: 'from', required: false, description: 'The first day (UTC).', schema: DAY })
  @ApiQuery({ name: 'to', required: false, description: 'The last day (UTC).', schema: DAY })
  @ApiOkResponse({ type: PositionListDto })
  @ApiUnchanged()
  async positions(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ positions: ReadPosition[] }> {
    refuseSenders(principal, 'positions');
    return { positions: await readPositions(this.record, readPositionQuery(query)) };
  }

  @Post('operator/reconciliation/breaks/:break_id/settle')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Says why a break needs nobody any more; name and reason are kept.' })
  @ApiParam({ name: 'break_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: BreakDecisionDto })
  @ApiOkResponse({ type: BreakSettledDto })
  async settle(
    @CurrentOperator() operatorId: string,
    @Param('break_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<BreakSettledDto> {
    const reason = readReason(readObject(body));
    const settled = UUID.test(id) && (await settleBreak(this.dataSource, id, { actor: operatorId, reason }));
    if (!settled) throw new ApiError('err.request.not_found', 'There is no such open break.');
    return { break_id: id, settled_by: operatorId };
  }
}

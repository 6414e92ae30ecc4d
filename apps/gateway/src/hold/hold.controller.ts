import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
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
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { PAGE_MAX, pagePosition, readPageLimit, readPagePosition } from '../status/page-position.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { readObject, readReason } from './decision.body.js';
import { DecidedDto, HoldPageDto, OperatorDecisionDto } from './hold.dto.js';
import { readOpenHolds, type HoldFilter, type OpenHold } from './hold.reader.js';
import { HoldService, type Decision } from './hold.service.js';

/** What waits for an operator, and the operator's decisions. Auditors read; only operators decide. */
@ApiTags('operator')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class HoldController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly service: HoldService,
  ) {}

  @Get('holds')
  @ApiSecurity('basic')
  @ApiSecurity('api-key')
  @ApiOperation({ summary: 'Disbursements on hold, longest waiting first; a sender sees its own.' })
  @ApiQuery({
    name: 'after',
    required: false,
    description: '`next` of the page before.',
    schema: { type: 'string' },
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: 100 },
  })
  @ApiOkResponse({ type: HoldPageDto })
  async holds(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ holds: OpenHold[]; next: string | null }> {
    const limit = readPageLimit(query.limit);
    const filter: HoldFilter = { ...senderScope(principal), limit: limit + 1 };
    if (query.after !== undefined) filter.after = readPagePosition(query.after);
    const rows = await readOpenHolds(this.dataSource, filter);
    const holds = rows.slice(0, limit);
    const last = holds.at(-1);
    return {
      holds,
      next: rows.length > limit && last ? pagePosition({ at: last.held_at, id: last.disbursement_id }) : null,
    };
  }

  @Post('operator/disbursements/:disbursement_id/release')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Lets a disbursement on hold go on to its lane; it is never held again.' })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: OperatorDecisionDto })
  @ApiOkResponse({ type: DecidedDto })
  @ApiResponse({ status: 409, type: HttpErrorResponseDto, description: 'It is not on hold (any more).' })
  async release(
    @CurrentOperator() operatorId: string,
    @Param('disbursement_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<DecidedDto> {
    const decision = readDecision(operatorId, id, body);
    return decided(decision, await this.service.release(decision));
  }

  @Post('operator/disbursements/:disbursement_id/cancel')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({
    summary: 'Ends a disbursement unpaid, for ever: on hold, or received and not yet sent to a rail.',
  })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: OperatorDecisionDto })
  @ApiOkResponse({ type: DecidedDto })
  @ApiResponse({ status: 409, type: HttpErrorResponseDto, description: 'Too late: money may have moved.' })
  async cancel(
    @CurrentOperator() operatorId: string,
    @Param('disbursement_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<DecidedDto> {
    const decision = readDecision(operatorId, id, body);
    return decided(decision, await this.service.cancel(decision));
  }
}

function decided({ disbursementId, operatorId }: Decision, state: string): DecidedDto {
  return { disbursement_id: disbursementId, state, decided_by: operatorId };
}

function readDecision(operatorId: string, id: string, body: Buffer | undefined): Decision {
  if (!UUID.test(id)) throw new ApiError('err.request.not_found', 'There is no such disbursement.');
  return { disbursementId: id, operatorId, reason: readReason(readObject(body)) };
}

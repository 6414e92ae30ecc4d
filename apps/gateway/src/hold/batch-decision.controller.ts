import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HttpErrorResponseDto, UUID } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { CurrentPrincipal } from '../senders/authentication.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { BatchCancelService } from './batch-cancel.service.js';
import { BatchHoldService } from './batch-hold.service.js';
import { actorOf, type BatchDecision, type Tally } from './batch-decision.js';
import {
  BatchCancelDto,
  BatchDecisionDto,
  BatchDecisionsDto,
  CancelledDto,
  HeldDto,
  ReleasedDto,
  type BatchDecidedDto,
} from './batch-decision.dto.js';
import { readAfter, readName, readObject, readReason, readReferences } from './decision.body.js';
import { findBatch, readDecisions, type MarkedBatch } from './hold-mark.repository.js';

/**
 * Decisions about a batch, or about lines of it, for its sender and for operators: an extension of the standard, which
 * has no word for them (docs/batches.md). All may be repeated. An auditor only reads.
 */
@ApiTags('batch decisions')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1/batches/:batch_id')
export class BatchDecisionController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly holds: BatchHoldService,
    private readonly cancels: BatchCancelService,
  ) {}

  @Get('decisions')
  @ApiOperation({ summary: 'Who held, released or cancelled the batch or lines of it, when and why.' })
  @ApiOkResponse({ type: BatchDecisionsDto })
  async decisions(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
  ): Promise<{ decisions: Record<string, unknown>[] }> {
    const { batch_id } = await this.find(principal, id);
    return { decisions: await readDecisions(this.dataSource, batch_id) };
  }

  @Post('hold')
  @HttpCode(200)
  @ApiOperation({ summary: 'Holds lines that no lane has claimed, until they are released.' })
  @ApiBody({ type: BatchDecisionDto })
  @ApiOkResponse({ type: HeldDto })
  async hold(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<HeldDto> {
    const { decision, batch } = await this.read(principal, id, readObject(body));
    const tally = await this.holds.hold(decision, batch);
    return { ...answer(decision, tally), held: tally.done, already: tally.already };
  }

  @Post('release')
  @HttpCode(200)
  @ApiOperation({ summary: 'Lets held lines go on, at once or at their schedule.' })
  @ApiBody({ type: BatchDecisionDto })
  @ApiOkResponse({ type: ReleasedDto })
  async release(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<ReleasedDto> {
    const { decision, batch } = await this.read(principal, id, readObject(body));
    const tally = await this.holds.release(decision, batch);
    return { ...answer(decision, tally), released: tally.done, already: tally.already, kept: tally.kept };
  }

  @Post('cancel')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ends lines unpaid, for ever, that no lane has sent. A large batch needs several requests.',
  })
  @ApiBody({ type: BatchCancelDto })
  @ApiOkResponse({ type: CancelledDto })
  async cancel(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<CancelledDto> {
    const { decision, batch } = await this.read(principal, id, readObject(body));
    const { tally, next } = await this.cancels.cancel(decision, batch);
    return { ...answer(decision, tally), cancelled: tally.done, already: tally.already, next };
  }

  private async read(
    principal: Principal,
    id: string,
    fields: Record<string, unknown>,
  ): Promise<{ decision: BatchDecision; batch: MarkedBatch }> {
    const by = actorOf(principal, readName(fields));
    if (by === undefined)
      throw new ApiError('err.request.forbidden', 'An auditor only reads: use a sender or an operator.');
    const batch = await this.find(principal, id);
    const references = readReferences(fields);
    const decision: BatchDecision = {
      ...by,
      batchId: batch.batch_id,
      reason: readReason(fields),
      after: readAfter(fields),
      ...(references === undefined ? {} : { references }),
    };
    return { decision, batch };
  }

  private async find(principal: Principal, id: string): Promise<MarkedBatch> {
    const { senderId } = senderScope(principal);
    const batch = UUID.test(id) ? await findBatch(this.dataSource, id, senderId) : undefined;
    if (batch === undefined) throw new ApiError('err.request.not_found', 'There is no such batch.');
    return batch;
  }
}

function answer(
  { batchId, actor }: BatchDecision,
  tally: Tally,
): Pick<BatchDecidedDto, keyof BatchDecidedDto> {
  return {
    batch_id: batchId,
    decided_by: actor,
    too_late: tally.tooLate,
    too_late_lines: tally.tooLateLines,
    unknown: tally.unknown,
  };
}

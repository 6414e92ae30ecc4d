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
import { GatewayConfig } from '../gateway.config.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { PAGE_MAX, pagePosition, readPageLimit, readPagePosition } from '../status/page-position.js';
import { CallbackDetailDto, CallbackPageDto, ResendDto, ResendFailedDto, ResentDto } from './callback.dto.js';
import {
  CALLBACK_STATES,
  readCallbacks,
  readResends,
  readTries,
  type CallbackFilter,
} from './callback.reader.js';
import { CallbackResender } from './callback.resender.js';
import { readResend } from './resend.body.js';
import { remainingWaits } from './retry-schedule.js';

/** Callbacks and their tries: a sender sees its own, an auditor all; operators have them sent again. */
@ApiTags('callbacks')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class CallbackController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly resender: CallbackResender,
  ) {}

  @Get('callbacks')
  @ApiOperation({ summary: 'Callbacks, newest first.' })
  @ApiQuery({ name: 'state', required: false, enum: CALLBACK_STATES })
  @ApiQuery({ name: 'sender_id', required: false })
  @ApiQuery({ name: 'batch_id', required: false, schema: { type: 'string', format: 'uuid' } })
  @ApiQuery({ name: 'after', required: false, description: '`next` of the page before.' })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: 100 },
  })
  @ApiOkResponse({ type: CallbackPageDto })
  async callbacks(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<CallbackPageDto> {
    const limit = readPageLimit(query.limit);
    const filter = { ...readFilter(query), ...senderScope(principal), limit: limit + 1 };
    const rows = isForeign(principal, query.sender_id) ? [] : await readCallbacks(this.dataSource, filter);
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    return {
      callbacks: page.map(({ callback }) => callback),
      next:
        rows.length > limit && last
          ? pagePosition({ at: last.position, id: last.callback.callback_id })
          : null,
    };
  }

  @Get('callbacks/:callback_id')
  @ApiOperation({
    summary: 'One callback: every try with its time and answer, and when the next ones are due.',
  })
  @ApiParam({ name: 'callback_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: CallbackDetailDto })
  async callback(
    @CurrentPrincipal() principal: Principal,
    @Param('callback_id') id: string,
  ): Promise<CallbackDetailDto> {
    const filter = { callbackId: readId(id), ...senderScope(principal), limit: 1 };
    const [found] = await readCallbacks(this.dataSource, filter);
    if (found === undefined) throw notFound();
    const { callback, schedule_start } = found;
    const open = callback.state === 'pending' || callback.state === 'waiting';
    const standing = { tries: callback.tries, schedule_start };
    return Object.assign(callback, {
      tries_ended: await readTries(this.dataSource, id),
      further_waits_seconds: open ? [...remainingWaits(this.config.callbackRetrySeconds, standing)] : [],
      resends: await readResends(this.dataSource, id),
    });
  }

  @Post('operator/callbacks/:callback_id/resend')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Makes a callback due now, failed or not, and begins its schedule anew.' })
  @ApiParam({ name: 'callback_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: ResendDto })
  @ApiOkResponse({ type: ResentDto })
  @ApiResponse({
    status: 409,
    type: HttpErrorResponseDto,
    description: 'Delivered, on its way, or not its turn.',
  })
  async resend(
    @CurrentOperator() operatorId: string,
    @Param('callback_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<ResentDto> {
    const { reason } = readResend(body);
    return this.resender.resend({ which: { callbackId: readId(id) }, operatorId, reason });
  }

  @Post('operator/callbacks/resend-failed')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Makes every failed callback of a sender due now.' })
  @ApiBody({ type: ResendFailedDto })
  @ApiOkResponse({ type: ResentDto })
  async resendFailed(
    @CurrentOperator() operatorId: string,
    @Body() body: Buffer | undefined,
  ): Promise<ResentDto> {
    const { reason, senderId } = readResend(body);
    if (senderId === undefined)
      throw new ApiError('err.request.bad', 'Say whose: {"sender_id": "...", "reason": "..."}.');
    return this.resender.resend({ which: { failedOf: senderId }, operatorId, reason });
  }
}

/** True where a sender asks for those of another: there are none. */
function isForeign(principal: Principal, senderId: unknown): boolean {
  return principal.kind === 'sender' && senderId !== undefined && senderId !== principal.sender.id;
}

function readFilter({
  state,
  sender_id,
  batch_id,
  after,
}: Record<string, unknown>): Omit<CallbackFilter, 'limit'> {
  const known = CALLBACK_STATES.find((one) => one === state);
  if (state !== undefined && known === undefined)
    throw new ApiError('err.request.bad', `state must be one of: ${CALLBACK_STATES.join(', ')}.`);
  if (batch_id !== undefined && !(typeof batch_id === 'string' && UUID.test(batch_id)))
    throw new ApiError('err.request.bad', 'batch_id must be a UUID.');
  if (sender_id !== undefined && typeof sender_id !== 'string')
    throw new ApiError('err.request.bad', 'sender_id must be one text.');
  return {
    ...(known === undefined ? {} : { state: known }),
    ...(typeof sender_id === 'string' ? { senderId: sender_id } : {}),
    ...(typeof batch_id === 'string' ? { batchId: batch_id } : {}),
    ...(after === undefined ? {} : { after: readPagePosition(after) }),
  };
}

function readId(id: string): string {
  if (!UUID.test(id)) throw notFound();
  return id;
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'There is no such callback.');
}

import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import type { JWK } from 'jose';
import { HttpErrorResponseDto } from '@gpo/g2p-connect-schemas';
import { readCloseOuts, type CloseOutEvent } from '@gpo/reconciliation';
import { ReadPool } from '@gpo/persistence';
import { readObject, readReason } from '../hold/decision.body.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { refuseSenders, type Principal } from '../senders/sender.js';
import { readPathId } from '../status/batch.query.js';
import { ApiUnchanged } from '../status/list.decorators.js';
import { CloseOutDto, CloseOutListDto, ClosingDto, KeysDto, ReopeningDto } from './close-out.dto.js';
import { CloseOutService } from './close-out.service.js';

/** The end of a batch: signed when everything of it is final, matched and explained (docs/close-out.md). */
@ApiTags('close-out')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class CloseOutController {
  constructor(
    private readonly record: ReadPool,
    private readonly service: CloseOutService,
  ) {}

  @Get('batches/:batch_id/close-outs')
  @ApiOperation({
    summary: 'When the batch was closed and opened again, by whom and why, with what was signed.',
  })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: CloseOutListDto })
  @ApiUnchanged()
  async closeOuts(
    @CurrentPrincipal() principal: Principal,
    @Param('batch_id') id: string,
  ): Promise<{ close_outs: CloseOutEvent[] }> {
    refuseSenders(principal, 'close-outs');
    return { close_outs: await readCloseOuts(this.record, readPathId(id)) };
  }

  @Get('keys')
  @ApiOperation({ summary: 'Public keys with which the signatures of this installation are checked.' })
  @ApiOkResponse({ type: KeysDto })
  keys(): { keys: JWK[] } {
    return { keys: this.service.keys() };
  }

  @Post('operator/batches/:batch_id/close')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Closes a batch; done again it changes nothing.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: ClosingDto })
  @ApiOkResponse({ type: CloseOutDto })
  @ApiResponse({ status: 409, type: HttpErrorResponseDto, description: 'Something stands in the way.' })
  close(
    @CurrentOperator() actor: string,
    @Param('batch_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<CloseOutEvent> {
    const fields = readObject(body);
    const closing = { batchId: readPathId(id), actor, reason: readReason(fields) };
    const { accept_unmatched: accepted } = fields;
    return this.service.close(
      accepted === undefined ? closing : { ...closing, acceptUnmatched: readReason({ reason: accepted }) },
    );
  }

  @Post('operator/batches/:batch_id/reopen')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Opens a closed batch; who and why stands in the record.' })
  @ApiParam({ name: 'batch_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: ReopeningDto })
  @ApiOkResponse({ type: CloseOutDto })
  reopen(
    @CurrentOperator() actor: string,
    @Param('batch_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<CloseOutEvent> {
    return this.service.reopen({ batchId: readPathId(id), actor, reason: readReason(readObject(body)) });
  }
}

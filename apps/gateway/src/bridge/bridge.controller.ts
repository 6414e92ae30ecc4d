import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { CurrentSender, SenderGuard } from '../senders/authentication.js';
import type { Sender } from '../senders/sender.js';
import { refused, succeeded, type BridgeAnswer, type BridgeCallName } from './bridge.answer.js';
import { BridgeCancelService } from './bridge.cancel.js';
import { BridgeRefusal } from './bridge.codes.js';
import { echoed, readCall, textOf, type BridgeCall, type Fields } from './bridge.message.js';
import { BridgeService } from './bridge.service.js';
import { BridgeStatements } from './bridge.statements.js';

/**
 * The G2P Bridge API 1.0, 1.1 and 3.x (interface-a.md 3.1, 3.2), for OpenG2P as it is deployed: another door to the same intake. Its
 * description is docs/openg2p.md; every refusal is HTTP 200 with header.status rjct, or response_header.response_status ERROR.
 */
@ApiExcludeController()
@UseGuards(SenderGuard)
@Controller('bridge')
export class BridgeController {
  constructor(
    private readonly service: BridgeService,
    private readonly cancels: BridgeCancelService,
    private readonly statements: BridgeStatements,
  ) {}

  @Post('create_disbursement_envelope')
  @HttpCode(200)
  createEnvelope(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'create_disbursement_envelope', (call) =>
      this.service.createEnvelope(sender, call),
    );
  }

  @Post('create_disbursement_envelopes')
  @HttpCode(200)
  createEnvelopes(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'create_disbursement_envelopes', (call) =>
      this.service.createEnvelopes(sender, call),
    );
  }

  @Post('cancel_disbursement_envelope')
  @HttpCode(200)
  cancelEnvelope(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'cancel_disbursement_envelope', async (call) => {
      await this.cancels.cancelEnvelope(sender, call);
      const change = { cancellation_status: 'Cancelled', cancellation_timestamp: new Date().toISOString() };
      const told = echoed(call.message);
      return Array.isArray(told)
        ? told.map((one: Fields) => ({ ...one, ...change }))
        : { ...(told as Fields), ...change };
    });
  }

  @Post('amend_disbursement_envelope')
  @HttpCode(200)
  amendEnvelope(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'amend_disbursement_envelope', async (call) => {
      await this.cancels.amendEnvelope(sender, call);
      return echoed(call.message);
    });
  }

  @Post('create_disbursements')
  @HttpCode(200)
  createDisbursements(
    @CurrentSender() sender: Sender,
    @Body() body: Buffer | undefined,
  ): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'create_disbursements', (call) =>
      this.service.createDisbursements(sender, call),
    );
  }

  @Post('cancel_disbursements')
  @HttpCode(200)
  cancelDisbursements(
    @CurrentSender() sender: Sender,
    @Body() body: Buffer | undefined,
  ): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'cancel_disbursements', async (call) => {
      const cancelled = await this.cancels.cancelDisbursements(sender, call);
      // The words changed with the versions.
      const [yes, no] =
        call.form === 'request' ? ['CANCELLED', 'NOT_CANCELLED'] : ['Cancelled', 'Not_Cancelled'];
      const at = new Date().toISOString();
      return (echoed(call.message) as Fields[]).map((item) => ({
        ...item,
        ...(cancelled.has(textOf(item.disbursement_id) ?? '')
          ? { cancellation_status: yes, cancellation_time_stamp: at }
          : { cancellation_status: no, cancellation_time_stamp: null }),
      }));
    });
  }

  @Post('get_disbursement_status')
  @HttpCode(200)
  status(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'get_disbursement_status', (call) => this.service.status(sender, call));
  }

  @Post('get_disbursement_envelope_status')
  @HttpCode(200)
  envelopeStatus(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'get_disbursement_envelope_status', (call) =>
      this.service.envelopeStatus(sender, call),
    );
  }

  @Post('get_disbursement_batch_control')
  @HttpCode(200)
  control(@CurrentSender() sender: Sender, @Body() body: Buffer | undefined): Promise<BridgeAnswer> {
    return this.answer(sender, body, 'get_disbursement_batch_control', (call) =>
      this.service.control(sender, call),
    );
  }

  @Post('upload_mt940')
  @HttpCode(200)
  upload(@CurrentSender() sender: Sender, @Req() request: FastifyRequest): Promise<BridgeAnswer> {
    const call: BridgeCall = {
      ...{ form: 'message', messageId: '', action: 'upload_mt940', controlId: undefined, message: null },
    };
    return this.tell(sender, call, 'upload_mt940', () => this.statements.upload(sender, request));
  }

  private async answer(
    sender: Sender,
    body: Buffer | undefined,
    name: BridgeCallName,
    work: (call: BridgeCall) => Promise<unknown>,
  ): Promise<BridgeAnswer> {
    const call = await readCall(body);
    return this.tell(sender, call, name, () => {
      refuseOtherAction(call, name);
      return work(call);
    });
  }

  private async tell(
    sender: Sender,
    call: BridgeCall,
    name: BridgeCallName,
    work: () => Promise<unknown>,
  ): Promise<BridgeAnswer> {
    try {
      return succeeded(call, await work());
    } catch (error) {
      if (!(error instanceof BridgeRefusal)) throw error;
      return refused(call, error, name, sender.bridge?.profile ?? 'bridge-safe');
    }
  }
}

/** A signature covers the message, not the address: what was signed to create something is never taken to cancel it. @throws BridgeRefusal */
function refuseOtherAction({ action }: BridgeCall, name: BridgeCallName): void {
  if (action.startsWith('create_') && !name.startsWith('create_'))
    throw new BridgeRefusal('REQUEST_VALIDATION_ERROR');
}

import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FaultBoard } from '../faults.js';
import { isRecord } from '../gsma.message.js';
import { HeldConnections } from '../held-connections.js';
import type { SubmitResult } from '../provider.service.js';
import { SimulatorConfig } from '../simulator.config.js';
import { PaystackCompletion } from './paystack.completion.js';
import { good, refusal } from './paystack.message.js';
import { PaystackService } from './paystack.service.js';

type Request = FastifyRequest<{ Params: Record<string, string> }>;

/** Paystack's transfers (paystack.yaml), once per account: recipients, single and bulk, verify, balance, OTP switch. */
@Controller('paystack/:account')
export class PaystackController {
  constructor(
    private readonly config: SimulatorConfig,
    private readonly faults: FaultBoard,
    private readonly service: PaystackService,
    private readonly completion: PaystackCompletion,
    private readonly held: HeldConnections,
  ) {}

  @Post('transferrecipient')
  recipient(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.service.recipient(account, request.body));
  }

  @Post('transfer')
  transfer(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.service.transfer(account, request.body));
  }

  @Post('transfer/bulk')
  bulk(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.service.bulk(account, request.body));
  }

  @Get('transfer/verify/:reference')
  verify(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { reference = '' } = request.params;
    return this.answer(request, reply, (account) => this.service.verify(account, reference));
  }

  @Get('balance')
  balance(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.service.balance(account));
  }

  @Post('transfer/finalize_transfer')
  finalize(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const code = isRecord(request.body) ? request.body.transfer_code : undefined;
    return this.answer(request, reply, (account) => this.service.finalize(account, code));
  }

  @Post('transfer/enable_otp')
  enableOtp(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.otp(account, true));
  }

  /** Paystack sends a code to the owner first; here any code will do in the second step. */
  @Post('transfer/disable_otp')
  disableOtp(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, () => good('OTP has been sent', null));
  }

  @Post('transfer/disable_otp_finalize')
  disableOtpFinalize(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    return this.answer(request, reply, (account) => this.otp(account, false));
  }

  private async otp(account: string, required: boolean): Promise<SubmitResult> {
    await this.completion.record({ event: 'otp', account, required, at: new Date().toISOString() });
    return good(`OTP requirement is ${required ? 'on' : 'off'}`, null);
  }

  /** Faults of the account come first, then the key, then the work. */
  private async answer(
    request: Request,
    reply: FastifyReply,
    work: (account: string) => Promise<SubmitResult> | SubmitResult,
  ): Promise<void> {
    const account = request.params.account ?? '';
    const result = this.barrier(request, account) ?? (await work(account));
    if (result === 'hold') this.held.hold(reply);
    else if (result === 'drop') this.held.drop(reply);
    else void reply.code(result.status).send(result.body);
  }

  private barrier(request: Request, account: string): SubmitResult | undefined {
    const fault = this.faults.next(account);
    if (fault === 'down') return { status: 503, body: { status: false, message: 'Service unavailable' } };
    if (fault === 'error') return { status: 500, body: { status: false, message: 'Something went wrong' } };
    if (fault === 'silent') return 'hold';
    if (fault === 'drop') return 'drop';
    const authorised = request.headers.authorization === `Bearer ${this.config.paystackKey}`;
    return fault === 'auth' || !authorised ? refusal('invalid_key') : undefined;
  }
}

import { Controller, Get, Post, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { FaultBoard } from './faults.js';
import { balanceBody, linkBody, requestStateBody, transactionBody } from './gsma.answers.js';
import { errorAnswer, UUID, type Answer } from './gsma.message.js';
import { HeldConnections } from './held-connections.js';
import { Ledger } from './ledger.js';
import { ProviderService, type SubmitResult } from './provider.service.js';
import { TokenStore } from './token.store.js';

type Request = FastifyRequest<{ Params: Record<string, string> }>;

/**
 * GSMA Mobile Money API 1.2, disbursement use cases (gsma-mm-1.2-disbursements.yaml), once per provider. The token
 * endpoint is not part of that file: OAuth2 client credentials with HTTP Basic.
 */
@Controller('gsma/:provider')
export class GsmaController {
  constructor(
    private readonly tokens: TokenStore,
    private readonly faults: FaultBoard,
    private readonly ledger: Ledger,
    private readonly service: ProviderService,
    private readonly held: HeldConnections,
  ) {}

  @Post('oauth2/token')
  token(@Req() request: Request, @Res() reply: FastifyReply): void {
    const issued = this.tokens.issue(request.headers.authorization);
    if (issued === undefined) void reply.code(401).send({ error: 'invalid_client' });
    else void reply.code(200).header('Cache-Control', 'no-store').send(issued);
  }

  @Post('transactions/type/:type')
  async submit(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '', type = '' } = request.params;
    await this.answer(request, reply, () =>
      this.service.submit({
        provider,
        type,
        correlationId: header(request, 'x-correlationid'),
        callbackUrl: header(request, 'x-callback-url'),
        body: request.body,
      }),
    );
  }

  @Post('transactions/:reference/reversals')
  async reverse(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '', reference = '' } = request.params;
    const id = header(request, 'x-correlationid');
    await this.answer(request, reply, () => this.service.reverse(provider, reference, id, request.body));
  }

  @Get('transactions/:reference')
  async transaction(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '', reference = '' } = request.params;
    await this.answer(request, reply, () => {
      const payment = this.ledger.payment(provider, reference);
      return payment === undefined ? notFound('transactionReference') : ok(transactionBody(payment));
    });
  }

  @Get('requeststates/:id')
  async requestState(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '', id = '' } = request.params;
    await this.answer(request, reply, () => {
      if (!UUID.test(id)) return errorAnswer('validation', 'formatError', 'serverCorrelationId');
      const found = this.ledger.request(provider, id.toLowerCase());
      return found === undefined ? notFound('serverCorrelationId') : ok(requestStateBody(found));
    });
  }

  @Get('responses/:id')
  async response(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '', id = '' } = request.params;
    await this.answer(request, reply, () => {
      if (!UUID.test(id)) return errorAnswer('validation', 'formatError', 'clientCorrelationId');
      const found = this.ledger.known(provider, id.toLowerCase());
      return found === undefined ? notFound('clientCorrelationId') : ok(linkBody(found));
    });
  }

  @Get(['accounts/balance', 'accounts/:account/balance', 'accounts/:identifierType/:identifier/balance'])
  async balance(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    const { provider = '' } = request.params;
    await this.answer(request, reply, () => {
      const currency = this.ledger.balancesOf(provider).keys().next().value ?? 'KES';
      const empty = this.faults.outOfFunds(provider, undefined);
      return ok(balanceBody(currency, empty ? 0n : this.ledger.balance(provider, currency)));
    });
  }

  @Get('heartbeat')
  async heartbeat(@Req() request: Request, @Res() reply: FastifyReply): Promise<void> {
    await this.answer(request, reply, () => ok({ serviceStatus: 'available' }));
  }

  /** Faults of the provider come first, then the token, then the work. */
  private async answer(
    request: Request,
    reply: FastifyReply,
    work: () => Promise<SubmitResult> | SubmitResult,
  ): Promise<void> {
    const result = this.barrier(request) ?? (await work());
    if (result === 'hold') this.held.hold(reply);
    else if (result === 'drop') this.held.drop(reply);
    else void reply.code(result.status).send(result.body);
  }

  private barrier(request: Request): SubmitResult | undefined {
    const fault = this.faults.next(request.params.provider ?? '');
    if (fault === 'down') return errorAnswer('serviceUnavailable', 'genericError', 'Down for maintenance.');
    if (fault === 'error') return errorAnswer('internal', 'genericError', 'Something went wrong.');
    if (fault === 'silent') return 'hold';
    if (fault === 'drop') return 'drop';
    if (fault === 'auth' || !this.tokens.accepts(request.headers.authorization)) {
      return errorAnswer('authorisation', 'clientAuthorisationError', 'The access token is not valid.');
    }
    return undefined;
  }
}

function ok(body: object): Answer {
  return { status: 200, body };
}

function notFound(what: string): Answer {
  return errorAnswer('identification', 'identifierError', what);
}

function header(request: Request, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

import { OutboundHttp } from '@gpo/outbound-http';
import type { ConnectorFactory } from '../connector-registry.js';
import type {
  Absent,
  CallContext,
  ConnectorManifest,
  InboundMessage,
  InboundResult,
  Instruction,
  Outcome,
  QueryKey,
  RailConnector,
  Violation,
} from '../connector.js';
import { askEach, requireValid } from '../one-by-one.js';
import { InvalidInstruction, LaneStopped, OutcomeUnknown, Throttled } from '../rail-error.js';
import type { RailAnswer } from '../rail-http.js';
import { GsmaClient, type RailRequest } from './gsma.client.js';
import { readGsmaConfig, type GsmaConfig } from './gsma.config.js';
import { gsmaManifest } from './gsma.manifest.js';
import { correlationId, requestBody, violationsOf } from './gsma.mapping.js';
import {
  recordOutcome,
  refusalKind,
  requestStateOutcome,
  saysUnknownId,
  submitMeaning,
  text,
  transactionOutcome,
} from './gsma.outcome.mapping.js';

const UUID_AT_END = /\/([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\/?(?:\?.*)?$/i;

/** GSMA Mobile Money API 1.2, single disbursements, finished by callback and by polling. */
export class GsmaConnector implements RailConnector {
  readonly manifest: ConnectorManifest;
  private readonly client: GsmaClient;

  constructor(
    private readonly laneId: string,
    private readonly config: GsmaConfig,
    private readonly http: OutboundHttp,
    private readonly callbackUrl: string,
  ) {
    this.manifest = gsmaManifest(config);
    this.client = new GsmaClient(config, http);
  }

  validate(instruction: Instruction): Violation[] {
    return violationsOf(instruction, this.config);
  }

  async submit(items: readonly Instruction[], ctx: CallContext): Promise<Outcome[]> {
    const [instruction, ...more] = items;
    if (instruction === undefined || more.length > 0) throw new InvalidInstruction('exactly one at a time');
    requireValid(instruction, (one) => this.validate(one));
    const deadline = performance.now() + ctx.timeoutMs;
    const id = correlationId(instruction.railId);
    const answer = await this.authorised({
      method: 'POST',
      path: '/transactions/type/disbursement',
      headers: {
        'X-CorrelationID': id,
        ...(this.callbackUrl === '' ? {} : { 'X-Callback-URL': `${this.callbackUrl}/${id}` }),
      },
      body: JSON.stringify(requestBody(instruction, this.config)),
      beforeSend: () => ctx.beforeSend(),
      deadline,
    });
    return [await this.conclude(instruction.railId, answer, deadline)];
  }

  query(keys: readonly QueryKey[], ctx: CallContext): Promise<(Outcome | Absent)[]> {
    return askEach(keys, ctx, (key, deadline) => this.ask(key, deadline));
  }

  /** Callbacks are not signed: the path names the rail id, the body is not even read. */
  parseInbound(message: InboundMessage): InboundResult {
    const railId = UUID_AT_END.exec(message.path)?.[1]?.toLowerCase();
    return { wake: railId === undefined ? [] : [{ railId }], outcomes: [] };
  }

  /** @throws LaneStopped for credentials, configuration or an empty payer account; Throttled while the rail is down. */
  async health(ctx: CallContext): Promise<void> {
    const deadline = performance.now() + ctx.timeoutMs;
    const answer = await this.read('/heartbeat', deadline);
    const status = text(answer.body?.serviceStatus);
    if (answer.status !== 200 || status === undefined) {
      throw new LaneStopped(
        'configuration',
        `${this.laneId}: no heartbeat at the base URL (${answer.status})`,
      );
    }
    if (status === 'unavailable') throw new Throttled('the rail says unavailable', this.config.throttleMs);
    const account = this.config.defaultPayerAccount;
    if (account === undefined) return;
    const balance = await this.read(`/accounts/accountid/${encodeURIComponent(account)}/balance`, deadline);
    const available = text(balance.body?.availableBalance) ?? text(balance.body?.currentBalance);
    // Providers need not offer balances: only a clear zero keeps the lane closed.
    if (balance.status === 200 && available !== undefined && /^(-|0(\.0+)?$)/.test(available)) {
      throw new LaneStopped('payer_funds', `${this.laneId}: the payer account is empty`);
    }
  }

  close(): Promise<void> {
    this.http.close();
    return Promise.resolve();
  }

  private async conclude(railId: string, answer: RailAnswer, deadline: number): Promise<Outcome> {
    const meaning = submitMeaning(railId, answer, this.config);
    switch (meaning.kind) {
      case 'outcome':
        return meaning.outcome;
      case 'throttled':
        throw new Throttled(
          `the rail answers ${answer.status}`,
          answer.retryAfterMs ?? this.config.throttleMs,
        );
      case 'auth':
        throw new LaneStopped('auth', `${this.laneId}: the rail refuses a fresh access token`);
      case 'payer_funds':
        throw new LaneStopped('payer_funds', `${this.laneId}: the payer account has too little`);
      case 'duplicate':
        return this.askAfterDuplicate(railId, deadline);
      case 'unreadable':
        throw new OutcomeUnknown(meaning.why);
    }
  }

  /** The rail took this id before: whatever goes wrong from here on, it may not be sent again. */
  private async askAfterDuplicate(railId: string, deadline: number): Promise<Outcome> {
    try {
      const found = await this.ask({ railId }, deadline);
      if (found.kind !== 'absent') return found;
    } catch (cause) {
      throw new OutcomeUnknown('a known correlation id, and the query failed', { cause });
    }
    throw new OutcomeUnknown('the rail knows the correlation id and has no response for it');
  }

  /** The transaction itself where its reference is known, else /responses, else the request state. */
  private async ask(key: QueryKey, deadline: number): Promise<Outcome | Absent> {
    if (key.railReference !== undefined) {
      const found = await this.follow(key.railId, transactionPath(key.railReference), deadline, 0);
      // A failed transaction carries no code; the error record behind /responses does.
      if (found !== undefined && found.kind !== 'unknown') return found;
    }
    const response = await this.read(`/responses/${correlationId(key.railId)}`, deadline);
    const link = response.status === 200 ? text(response.body?.link) : undefined;
    if (link !== undefined) {
      const path = link.startsWith('/') || URL.canParse(link) ? link : `/${link}`;
      return (
        (await this.follow(key.railId, path, deadline, 1)) ?? unknown(key.railId, 'the link leads nowhere')
      );
    }
    if (!saysUnknownId(response)) throw new OutcomeUnknown(`the query was answered ${response.status}`);
    if (key.railHandle === undefined && key.railReference === undefined)
      return { railId: key.railId, kind: 'absent' };
    const handle = key.railHandle;
    const found =
      handle && (await this.follow(key.railId, `/requeststates/${encodeURIComponent(handle)}`, deadline, 1));
    return found || unknown(key.railId, 'the rail no longer knows what it had accepted');
  }

  /** A transaction, a request state (one hop to its transaction) or an error record; undefined for an unknown id. */
  private async follow(
    railId: string,
    path: string,
    deadline: number,
    hops: number,
  ): Promise<Outcome | undefined> {
    const answer = await this.read(path, deadline);
    if (saysUnknownId(answer)) return undefined;
    const { status, body } = answer;
    if (status !== 200 || body === undefined) throw new OutcomeUnknown(`the query was answered ${status}`);
    const transaction = transactionOutcome(railId, body, this.config);
    if (transaction !== undefined) return transaction;
    const request = requestStateOutcome(railId, body, this.config);
    if (
      request?.kind === 'accepted' &&
      body.status === 'completed' &&
      request.railReference !== undefined &&
      hops > 0
    ) {
      const found = await this.follow(railId, transactionPath(request.railReference), deadline, hops - 1);
      return found ?? unknown(railId, 'the request completed and its transaction is not there');
    }
    return (
      request ??
      recordOutcome(railId, body) ??
      unknown(railId, 'the answer to the query is none of the three kinds')
    );
  }

  /** A GET whose refusals of pace and credentials are thrown. */
  private async read(path: string, deadline: number): Promise<RailAnswer> {
    const answer = await this.authorised({ method: 'GET', path, deadline });
    const refusal = refusalKind(answer);
    if (refusal === 'throttled') {
      throw new Throttled(`the rail answers ${answer.status}`, answer.retryAfterMs ?? this.config.throttleMs);
    }
    if (refusal === 'auth')
      throw new LaneStopped('auth', `${this.laneId}: the rail refuses a fresh access token`);
    return answer;
  }

  /** A refused token is replaced once: a 401 means that the request was not applied. */
  private async authorised(request: RailRequest): Promise<RailAnswer> {
    const answer = await this.client.send(request);
    if (refusalKind(answer) !== 'auth') return answer;
    this.client.dropToken(answer.token);
    return this.client.send(request);
  }
}

/** @throws Error with one sentence when the settings are wrong. */
export function createGsmaConnector(
  laneId: string,
  settings: unknown,
  http: OutboundHttp,
  callbackUrl: string,
): GsmaConnector {
  return new GsmaConnector(laneId, readGsmaConfig(laneId, settings), http, callbackUrl);
}

export const gsma: ConnectorFactory = ({ laneId, settings, callbackUrl }) => {
  const config = readGsmaConfig(laneId, settings);
  const http = new OutboundHttp({
    timeoutMs: config.requestTimeoutMs,
    maxResponseBytes: config.answerBytesMax,
    maxSockets: config.maxSockets,
    allowPrivateAddresses: true,
  });
  return new GsmaConnector(laneId, config, http, callbackUrl);
};

function transactionPath(reference: string): string {
  return `/transactions/${encodeURIComponent(reference)}`;
}

function unknown(railId: string, why: string): Outcome {
  return { railId, at: new Date(), kind: 'unknown', why };
}

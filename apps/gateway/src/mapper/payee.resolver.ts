import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { canonicalJson, type FinancialAddress } from '@gpo/g2p-connect-schemas';
import { OutboundHttp } from '@gpo/outbound-http';
import { Poller, inTransaction, type Sql } from '@gpo/persistence';
import { DispatchPublisher } from '../dispatch/dispatch.publisher.js';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { insertRanges } from '../intake/batch.repository.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import {
  BadMapperAnswer,
  MAPPER_ANSWER_BYTES_MAX,
  formOf,
  referenceOf,
  type ResolveAnswer,
} from './mapper.form.js';
import { MapperKeys } from './mapper.keys.js';
import { authorizationOf, type MapperSetting } from './mapper.setting.js';
import {
  dropRange,
  forgetAddresses,
  knownAddresses,
  postponeRange,
  rangeOfQuestion,
  storeAddresses,
  storeUnknown,
  takeRange,
  waitingIds,
  type ResolveRange,
} from './resolve.repository.js';
import { resolvedAddress } from './resolved-address.js';

/** Calls at once; a mapper was measured with four to eight callers (interface A, section 5). */
const CALLS_AT_ONCE = 4;
const IDLE_MS = 1000;
const HELD_PAUSE_MS = 10_000;
/** How long an asynchronous mapper has for its answer before it is asked again. */
const ASYNC_ANSWER_MS = 120_000;
const FORGET_EVERY_MS = 3_600_000;
const KEEP_DAYS = 30;
const [WAIT_FIRST_MS, WAIT_MAX_MS] = [5000, 300_000];

/**
 * Asks the sender's mapper where payees are paid that are named by a beneficiary id, up to 1,000 ids a call, each once.
 * Only then are their lines dispatched. What the mapper does not know ends as rjct.payee_fa.invalid; what it does not
 * answer is asked again, and its lines wait. A range is leased, so that a gateway that dies loses nothing.
 */
@Injectable()
export class PayeeResolver implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('mapper');
  private readonly http: OutboundHttp;
  private forgetAt = 0;
  private keys: MapperKeys | undefined;
  private readonly pollers = Array.from(
    { length: CALLS_AT_ONCE },
    (_, index) =>
      new Poller({ name: `mapper-${index + 1}`, idleMs: IDLE_MS, work: () => this.resolveNext() }),
  );

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly senders: SenderRegistry,
    private readonly dispatch: DispatchPublisher,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
  ) {
    this.http = new OutboundHttp({
      timeoutMs: config.mapperTimeoutMs,
      maxResponseBytes: MAPPER_ANSWER_BYTES_MAX,
      maxSockets: CALLS_AT_ONCE,
      // Configured, as rails are; often a neighbour in the same network.
      allowPrivateAddresses: true,
    });
  }

  async onApplicationBootstrap(): Promise<void> {
    this.keys = await MapperKeys.of(this.senders);
    if (this.senders.hasMappers) for (const poller of this.pollers) poller.start();
  }

  /** Calls in flight are cut: a mapper may take a minute, and is asked again by the next gateway. */
  async onApplicationShutdown(): Promise<void> {
    const stopped = Promise.all(this.pollers.map((poller) => poller.stop()));
    this.http.close();
    await stopped;
  }

  /** Asks about one range. @returns false where none waits. */
  async resolveNext(): Promise<boolean> {
    const { mapperTimeoutMs } = this.config;
    const range = await takeRange(this.dataSource, 2 * mapperTimeoutMs);
    if (range === undefined) return this.forgetOld();
    const mapper = this.senders.get(range.sender_id)?.mapper;
    if (mapper === undefined) {
      await this.postpone(range, 'the senders file names no mapper for this sender any more');
      return true;
    }
    const { ids, held } = await waitingIds(this.dataSource, range);
    const known = await knownAddresses(this.dataSource, range.batch_id, ids);
    if (known.size > 0) await this.storeKnown(range, known);
    const unknown = ids.filter((id) => !known.has(id));
    if (unknown.length > 0) await this.ask(range, mapper, unknown);
    else if (held > 0) await postponeRange(this.dataSource, range, HELD_PAUSE_MS);
    else await dropRange(this.dataSource, range);
    return true;
  }

  /** What is known already goes on; the range stays taken, for the rest of it is asked about. */
  private async storeKnown(range: ResolveRange, known: ReadonlyMap<string, FinancialAddress>): Promise<void> {
    await inTransaction(this.dataSource, async (sql) => {
      const current = await rangeOfQuestion(sql, range.question_id);
      if (current === undefined) return;
      const lines = await storeAddresses(sql, current, known);
      if (lines.length > 0) await insertRanges(sql, range.batch_id, boundsOf(range), lines);
    });
    this.dispatch.wake();
  }

  /** @returns true where there is more to forget. */
  private async forgetOld(): Promise<boolean> {
    if (performance.now() < this.forgetAt) return false;
    this.forgetAt = performance.now() + FORGET_EVERY_MS;
    for (const { id, mapper } of this.senders.all) {
      if (mapper === undefined) continue;
      const { keep_days: days = KEEP_DAYS } = mapper;
      while ((await forgetAddresses(this.dataSource, id, days)) > 0);
    }
    return false;
  }

  private async ask(range: ResolveRange, mapper: MapperSetting, ids: readonly string[]): Promise<void> {
    const form = formOf(mapper.form);
    // The answer may be here before the call has ended.
    if (form.isAsync) await postponeRange(this.dataSource, range, ASYNC_ANSWER_MS, 'no answer came yet');
    let answers: ResolveAnswer[] = [];
    try {
      const body = await this.call(range, mapper, ids);
      if (!form.isAsync) answers = form.answers(body);
    } catch (error) {
      this.metrics.mapperCall(range.sender_id, 'failed');
      await this.postpone(range, error instanceof Error ? error.message : String(error));
      return;
    }
    this.metrics.mapperCall(range.sender_id, 'answered');
    if (form.isAsync) return;
    this.crashPoints.reached('resolve.before-commit');
    await inTransaction(this.dataSource, async (sql) => {
      // Locked; taken by another gateway meanwhile where this one was away for longer than its lease.
      const current = await rangeOfQuestion(sql, range.question_id);
      if (current !== undefined) await this.store(sql, current, mapper, answers);
    });
    this.dispatch.wake();
  }

  private async call(range: ResolveRange, mapper: MapperSetting, ids: readonly string[]): Promise<unknown> {
    const authorization = authorizationOf(mapper);
    const question = {
      ...{ questionId: range.question_id, gatewayId: this.config.gatewayId, now: new Date().toISOString() },
      answerTo: mapper.answer_to === undefined ? '' : `${mapper.answer_to.replace(/\/+$/, '')}/mapper`,
      ids,
    };
    // As signers of SPAR write it: what is signed is what is sent.
    const body = await canonicalJson(formOf(mapper.form).body(question), { sorted: true, ascii: false });
    const answer = await this.http.send({
      method: 'POST',
      url: mapper.url,
      headers: {
        'Content-Type': 'application/json',
        ...(authorization === undefined ? {} : { Authorization: authorization }),
        ...(await this.keys?.headers(mapper, body)),
      },
      timeoutMs: this.config.mapperTimeoutMs,
      body,
    });
    if (answer.status < 200 || answer.status > 299)
      throw new BadMapperAnswer(`the mapper answered HTTP ${answer.status}`);
    try {
      return JSON.parse(answer.body.toString('utf8')) as unknown;
    } catch {
      throw new BadMapperAnswer('the mapper answered with something that is not JSON');
    }
  }

  /** An asynchronous mapper's answer. @returns false where no such question is out. */
  async answered(questionId: string, body: unknown): Promise<boolean> {
    const found = await inTransaction(this.dataSource, async (sql) => {
      const range = await rangeOfQuestion(sql, questionId);
      const mapper = range && this.senders.get(range.sender_id)?.mapper;
      if (mapper === undefined || !formOf(mapper.form).isAsync) return false;
      await this.store(sql, range!, mapper, formOf(mapper.form).answers(body));
      return true;
    });
    this.dispatch.wake();
    return found;
  }

  private async store(
    sql: Sql,
    range: ResolveRange,
    mapper: MapperSetting,
    answers: readonly ResolveAnswer[],
  ): Promise<void> {
    const { ids } = await waitingIds(sql, range);
    const said = new Map(answers.map((answer) => [answer.reference, answer]));
    const known = new Map<string, FinancialAddress>();
    const unknown: string[] = [];
    for (const id of ids) {
      const answer = said.get(referenceOf(id));
      if (answer === undefined) continue;
      const address = resolvedAddress(answer.fa, mapper.addresses);
      if (address === undefined) unknown.push(id);
      else known.set(id, address);
    }
    const lines = [
      ...(await storeAddresses(sql, range, known)),
      ...(await storeUnknown(sql, range, unknown)),
    ];
    if (lines.length > 0) await insertRanges(sql, range.batch_id, boundsOf(range), lines);
    const left = await waitingIds(sql, range);
    if (left.ids.length > 0)
      await postponeRange(sql, range, this.waitMs(range), `${left.ids.length} ids were not answered`);
    else if (left.held > 0) await postponeRange(sql, range, HELD_PAUSE_MS);
    else await dropRange(sql, range);
  }

  private async postpone(range: ResolveRange, why: string): Promise<void> {
    this.log.warn(`batch ${range.batch_id}, try ${range.tries}: not resolved, will ask again: ${why}`);
    await postponeRange(this.dataSource, range, this.waitMs(range), why);
  }

  private waitMs({ tries }: ResolveRange): number {
    return Math.min(WAIT_MAX_MS, WAIT_FIRST_MS * 2 ** (tries - 1)) * this.config.retryTimeScale;
  }
}

function boundsOf({ first_line: first, last_line: last }: ResolveRange): { first: number; last: number } {
  return { first, last };
}

import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OutboundHttp } from '@gpo/outbound-http';
import { Poller, isDatabaseAway } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { AnswerBuilder } from './answer.builder.js';
import { CallbackMarks } from './callback.marks.js';
import { takeDue, type DueCallback, type TryResult } from './callback.repository.js';
import { ReceiverSlots, SLOTS_OF_RECEIVER } from './receiver-slots.js';
import { waitSeconds } from './retry-schedule.js';

const IDLE_MS = 500;
/** Bodies that one query may bring into memory. */
const TAKEN_AT_ONCE = 64;
const REASON_MAX = 500;

/** What the receiver made of one try. */
interface Tried {
  httpStatus: number | null;
  /** null = taken. */
  reason: string | null;
}

/**
 * Posts callbacks and tries again on the visible schedule of the configuration. Callbacks of one batch go out one
 * after the other, so the closing word comes last; each receiver has slots of its own, so one that hangs holds up
 * nobody else.
 */
@Injectable()
export class CallbackSender implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('callback');
  private readonly poller = new Poller({
    name: 'callback-send',
    idleMs: IDLE_MS,
    work: () => this.sendDue(),
  });
  private readonly inFlight = new Set<Promise<void>>();
  private readonly slots = new ReceiverSlots();
  private readonly marks: CallbackMarks;

  constructor(
    private readonly dataSource: DataSource,
    private readonly http: OutboundHttp,
    private readonly config: GatewayConfig,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
    private readonly answers: AnswerBuilder,
  ) {
    this.marks = new CallbackMarks(dataSource);
  }

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
    await Promise.all(this.inFlight);
  }

  wake(): void {
    this.poller.wake();
  }

  private async sendDue(): Promise<boolean> {
    // The lease begins with the query, not with its answer.
    const sendBy = performance.now() + this.config.callbackTimeoutMs;
    const due = await takeDue(this.dataSource, {
      usual: SLOTS_OF_RECEIVER,
      slots: this.slots.free(),
      limit: TAKEN_AT_ONCE,
      leaseMs: 2 * this.config.callbackTimeoutMs,
    });
    for (const callback of due) this.track(callback, sendBy);
    return due.length > 0;
  }

  private track(callback: DueCallback, sendBy: number): void {
    this.slots.take(callback.receiver);
    const work = this.deliver(callback, sendBy).then((answered) => {
      this.inFlight.delete(work);
      this.slots.release(callback.receiver, answered);
      this.poller.wake();
    });
    this.inFlight.add(work);
  }

  /** @returns whether the receiver answered; undefined where it was not asked. Never throws. */
  private async deliver(callback: DueCallback, sendBy: number): Promise<boolean | undefined> {
    const { callback_id: callbackId, batch_id: batchId, tries: tryNo } = callback;
    const at = new Date();
    try {
      const body = await this.bodyOf(callback);
      const tried = body === undefined ? NO_ANSWER_MADE : await this.tryOnce(callback, body, sendBy);
      const wait = tried.reason === null ? null : waitSeconds(this.config.callbackRetrySeconds, callback);
      const result = { callbackId, batchId, tryNo, at, ...tried, waitSeconds: wait };
      await this.marks.write(result);
      this.tell(callback, result);
      return body === undefined ? undefined : tried.httpStatus !== null;
    } catch (error) {
      // The row could not be marked; its lease runs out and it is sent again with the same message_id.
      this.log.error(`callback ${callbackId} not marked: ${String(error)}`);
      return undefined;
    }
  }

  /** @returns undefined where the answer to a question could not be made. */
  private async bodyOf({ callback_id, question_id, body }: DueCallback): Promise<string | undefined> {
    if (body !== null || question_id === null) return body ?? undefined;
    this.crashPoints.reached('callback.before-answer');
    try {
      return await this.answers.fix(callback_id, question_id);
    } catch (error) {
      // It is taken again when its lease ends, and never given up for this.
      if (isDatabaseAway(error)) throw error;
      this.log.error(`callback ${callback_id}: the answer could not be made: ${String(error)}`);
      return undefined;
    }
  }

  private async tryOnce({ url }: DueCallback, body: string, sendBy: number): Promise<Tried> {
    this.crashPoints.reached('callback.before-send');
    try {
      const { status } = await this.http.send({
        method: 'POST',
        url,
        headers: { 'Content-Type': 'application/json' },
        body,
        // A process that stood still may have lost its lease: another may be sending this callback now.
        beforeSend: () => {
          if (performance.now() > sendBy) throw new Error('not sent in time');
        },
      });
      this.crashPoints.reached('callback.after-send');
      const taken = status >= 200 && status < 300;
      return { httpStatus: status, reason: taken ? null : `HTTP ${status}` };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      return { httpStatus: null, reason: message.slice(0, REASON_MAX) };
    }
  }

  private tell({ callback_id, receiver }: DueCallback, { reason, waitSeconds: wait }: TryResult): void {
    if (reason === null) {
      this.metrics.callback('delivered');
      return;
    }
    this.metrics.callback(wait === null ? 'failed' : 'retry');
    if (wait === null) this.metrics.alarm('callback_failed');
    const next = wait === null ? 'given up (callback_failed)' : `next try in ${Math.round(wait)} s`;
    this.log.warn(`callback ${callback_id} to ${receiver} not taken: ${reason}; ${next}`);
  }
}

const NO_ANSWER_MADE: Tried = { httpStatus: null, reason: 'the answer could not be made' };

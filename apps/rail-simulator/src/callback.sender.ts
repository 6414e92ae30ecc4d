import { Logger } from '@nestjs/common';
import { OutboundHttp, type OutboundRequest } from '@gpo/outbound-http';
import { transactionBody } from './gsma.answers.js';
import type { Payment } from './ledger.js';

const IN_FLIGHT_MAX = 64;
const ANSWER_BYTES_MAX = 65_536;

/**
 * Tells receivers what became of a payment (GSMA: PUT to X-Callback-URL; Paystack: signed webhook). A bounded number of tries, nothing survives a
 * restart: as with real providers, a client that only waits for callbacks will miss some.
 */
export class CallbackSender {
  private readonly logger = new Logger('callback');
  private readonly http: OutboundHttp;
  private waiting: (() => void)[] = [];
  private readonly pauses = new Set<NodeJS.Timeout>();
  private inFlight = 0;
  private closed = false;

  constructor(
    private readonly retryMs: readonly number[],
    timeoutMs: number,
  ) {
    this.http = new OutboundHttp({
      timeoutMs,
      maxResponseBytes: ANSWER_BYTES_MAX,
      maxSockets: IN_FLIGHT_MAX,
      allowPrivateAddresses: true,
    });
  }

  /** A GSMA callback. Resolves after the last try; true when the receiver took it. Never rejects. */
  async send(payment: Payment): Promise<boolean> {
    if (payment.callbackUrl === undefined) return false;
    return this.deliver(payment.transactionReference, () => ({
      method: 'PUT',
      url: payment.callbackUrl ?? '',
      headers: {
        'Content-Type': 'application/json',
        'X-CorrelationID': payment.correlationId,
        'X-Date': new Date().toISOString(),
      },
      body: JSON.stringify(payment.error ?? transactionBody(payment)),
    }));
  }

  /** Any callback; the request is made anew for each try. */
  async deliver(name: string, request: () => OutboundRequest): Promise<boolean> {
    for (const waitMs of this.retryMs) {
      if (waitMs > 0) await this.pause(waitMs);
      if (await this.attempt(name, request)) return true;
    }
    return false;
  }

  close(): void {
    this.closed = true;
    for (const timer of this.pauses) clearTimeout(timer);
    this.http.close();
  }

  private async attempt(name: string, request: () => OutboundRequest): Promise<boolean> {
    while (this.inFlight >= IN_FLIGHT_MAX) await new Promise<void>((resolve) => this.waiting.push(resolve));
    if (this.closed) return false;
    this.inFlight += 1;
    try {
      const answer = await this.http.send(request());
      return answer.status >= 200 && answer.status < 300;
    } catch (error) {
      // An unreachable receiver is an expected case of a callback: the next try or the client's poll covers it.
      this.logger.debug(`${name}: ${error instanceof Error ? error.message : String(error)}`);
      return false;
    } finally {
      this.inFlight -= 1;
      this.waiting.shift()?.();
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.pauses.delete(timer);
        resolve();
      }, ms);
      this.pauses.add(timer);
    });
  }
}

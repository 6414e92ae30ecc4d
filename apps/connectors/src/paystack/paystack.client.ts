import type { OutboundHttp } from '@gpo/outbound-http';
import { exchange, timeLeft, type RailAnswer } from '../rail-http.js';
import type { PaystackConfig } from './paystack.config.js';

export interface PaystackRequest {
  method: 'GET' | 'POST';
  /** Below the base URL. */
  path: string;
  body?: object;
  beforeSend?: () => void;
  /** Monotonic time (performance.now) by which the whole call must end. */
  deadline: number;
}

/** Transport only: the key, headers, time limits. Nothing is sent twice here, and nothing is interpreted. */
export class PaystackClient {
  constructor(
    private readonly config: PaystackConfig,
    private readonly http: OutboundHttp,
  ) {}

  /** @throws NotSent | OutcomeUnknown */
  send({ method, path, body, beforeSend, deadline }: PaystackRequest): Promise<RailAnswer> {
    const { baseUrl, secretKey, requestTimeoutMs } = this.config;
    return exchange(this.http, {
      method,
      url: `${baseUrl}${path}`,
      headers: {
        Accept: 'application/json',
        Authorization: `Bearer ${secretKey}`,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      timeoutMs: timeLeft(deadline, requestTimeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(beforeSend === undefined ? {} : { beforeSend }),
    });
  }
}

import type { OutboundHttp } from '@gpo/outbound-http';
import { LaneStopped, NotSent, OutcomeUnknown, Throttled } from '../rail-error.js';
import { exchange, timeLeft, type RailAnswer } from '../rail-http.js';
import type { GsmaConfig } from './gsma.config.js';

/** An answer with the access token that was used, so that only a refused token is dropped. */
export type TokenAnswer = RailAnswer & { token: string };

export interface RailRequest {
  method: 'GET' | 'POST';
  /** Below the base URL, or an absolute URL under it (links that the rail gave). */
  path: string;
  headers?: Record<string, string>;
  body?: string;
  beforeSend?: () => void;
  /** Monotonic time (performance.now) by which the whole call must end. */
  deadline: number;
}

const TOKEN_MARGIN_MS = 30_000;

/** Transport only: tokens, headers, time limits. Nothing is sent twice here, and nothing is interpreted. */
export class GsmaClient {
  private token: { value: string; until: number } | undefined;
  private fetching: Promise<string> | undefined;

  constructor(
    private readonly config: GsmaConfig,
    private readonly http: OutboundHttp,
  ) {}

  /** @throws NotSent | OutcomeUnknown, and what accessToken throws. */
  async send(request: RailRequest): Promise<TokenAnswer> {
    const url = this.resolve(request.path);
    const token = await this.accessToken(request.deadline);
    const headers: Record<string, string> = {
      Accept: 'application/json',
      Authorization: `Bearer ${token}`,
      'X-Date': new Date().toISOString(),
      ...request.headers,
    };
    if (this.config.apiKey !== undefined) headers['X-API-Key'] = this.config.apiKey;
    if (request.body !== undefined) headers['Content-Type'] = 'application/json';
    const answer = await exchange(this.http, {
      method: request.method,
      url,
      headers,
      timeoutMs: this.timeLeft(request.deadline),
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.beforeSend === undefined ? {} : { beforeSend: request.beforeSend }),
    });
    return { ...answer, token };
  }

  /** The next call asks for a new token, unless another call has already replaced the refused one. */
  dropToken(refused: string): void {
    if (this.token?.value === refused) this.token = undefined;
  }

  /** One request for all callers that wait. @throws NotSent | Throttled | LaneStopped: the instruction never left. */
  private async accessToken(deadline: number): Promise<string> {
    if (this.token !== undefined && this.token.until > performance.now()) return this.token.value;
    this.fetching ??= this.fetchToken(deadline).finally(() => {
      this.fetching = undefined;
    });
    return this.fetching;
  }

  private async fetchToken(deadline: number): Promise<string> {
    const { clientId, clientSecret, tokenUrl } = this.config;
    let answer: RailAnswer;
    try {
      answer = await exchange(this.http, {
        method: 'POST',
        url: tokenUrl,
        headers: {
          Accept: 'application/json',
          Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
          'Content-Type': 'application/x-www-form-urlencoded',
        },
        body: 'grant_type=client_credentials',
        timeoutMs: this.timeLeft(deadline),
      });
    } catch (cause) {
      throw new NotSent('no access token: the token endpoint did not answer', { cause });
    }
    if (answer.status === 429 || answer.status >= 500) {
      throw new Throttled(
        `the token endpoint answers ${answer.status}`,
        answer.retryAfterMs ?? this.config.throttleMs,
      );
    }
    const value = answer.body?.access_token;
    if (answer.status >= 400) throw new LaneStopped('auth', `the token endpoint answers ${answer.status}`);
    if (answer.status !== 200 || typeof value !== 'string' || value === '') {
      throw new LaneStopped('configuration', 'the token endpoint gave no access_token');
    }
    const seconds = Number(answer.body?.expires_in ?? 300);
    const lifeMs = Number.isFinite(seconds) ? seconds * 1000 : 300_000;
    this.token = { value, until: performance.now() + Math.max(lifeMs - TOKEN_MARGIN_MS, lifeMs / 2) };
    return value;
  }

  /** A link may only lead to the same provider: the access token goes nowhere else. */
  private resolve(path: string): string {
    const url = path.startsWith('/') ? `${this.config.baseUrl}${path}` : path;
    // A base without a path already ends in a slash once it is parsed.
    const below = new URL(this.config.baseUrl).href.replace(/\/*$/, '/');
    if (URL.canParse(url) && new URL(url).href.startsWith(below)) return url;
    throw new OutcomeUnknown('the rail gave a link that leads elsewhere');
  }

  private timeLeft(deadline: number): number {
    return timeLeft(deadline, this.config.requestTimeoutMs);
  }
}

import { HttpNotSent, type OutboundAnswer, type OutboundHttp } from '@gpo/outbound-http';
import { LaneStopped, NotSent, OutcomeUnknown, Throttled } from '../rail-error.js';
import type { GsmaConfig } from './gsma.config.js';

/** The rail's words: HTTP status, the JSON object of the body if there is one, and Retry-After. */
export interface RailAnswer {
  status: number;
  body: Record<string, unknown> | undefined;
  retryAfterMs: number | undefined;
}

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
    try {
      const answer = await this.http.send({
        method: request.method,
        url,
        headers,
        timeoutMs: this.timeLeft(request.deadline),
        ...(request.body === undefined ? {} : { body: request.body }),
        ...(request.beforeSend === undefined ? {} : { beforeSend: request.beforeSend }),
      });
      return { ...readAnswer(answer), token };
    } catch (cause) {
      if (cause instanceof NotSent) throw cause;
      if (cause instanceof HttpNotSent) throw new NotSent(cause.message, { cause });
      throw new OutcomeUnknown(cause instanceof Error ? cause.message : 'no answer', { cause });
    }
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
      answer = readAnswer(
        await this.http.send({
          method: 'POST',
          url: tokenUrl,
          headers: {
            Accept: 'application/json',
            Authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
            'Content-Type': 'application/x-www-form-urlencoded',
          },
          body: 'grant_type=client_credentials',
          timeoutMs: this.timeLeft(deadline),
        }),
      );
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
    if (URL.canParse(url) && new URL(url).href.startsWith(`${new URL(this.config.baseUrl).href}/`))
      return url;
    throw new OutcomeUnknown('the rail gave a link that leads elsewhere');
  }

  private timeLeft(deadline: number): number {
    const left = Math.floor(deadline - performance.now());
    if (left <= 0) throw new HttpNotSent('no time left');
    return Math.min(left, this.config.requestTimeoutMs);
  }
}

function readAnswer(answer: OutboundAnswer): RailAnswer {
  let body: Record<string, unknown> | undefined;
  try {
    const parsed: unknown = JSON.parse(answer.body.toString('utf8'));
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      body = parsed as Record<string, unknown>;
  } catch {
    body = undefined; // Whoever reads the answer treats a body that is not an object as unreadable.
  }
  const seconds = Number(answer.headers['retry-after'] ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined;
  return { status: answer.status, body, retryAfterMs };
}

import http, { type ClientRequest, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isIP } from 'node:net';
import { AddressRefused, isPublicAddress, publicLookup } from './address-guard.js';

export interface OutboundHttpOptions {
  /** From the start of the call to the last byte of the answer, in milliseconds. */
  timeoutMs: number;
  maxResponseBytes: number;
  /** Connections per target that are open at once. */
  maxSockets: number;
  /** False for targets that others choose (callbacks); true for configured rails. */
  allowPrivateAddresses: boolean;
}

export interface OutboundRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  body?: string | Buffer;
  timeoutMs?: number;
  /** Called in the tick in which the bytes go out; a throw stops the call before any byte left. */
  beforeSend?: () => void;
}

export interface OutboundAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** No byte of the request left this process. */
export class HttpNotSent extends Error {
  override readonly name = 'HttpNotSent';
}

/** Bytes may have left, and no complete answer came. */
export class HttpNoAnswer extends Error {
  override readonly name = 'HttpNoAnswer';
}

/**
 * The one HTTP client for outbound calls: time limit, size cap, no redirects, no hidden retry, refusal of
 * non-public targets. Says of every failure whether bytes may have left.
 */
export class OutboundHttp {
  private readonly httpAgent: http.Agent;
  private readonly httpsAgent: https.Agent;

  constructor(private readonly options: OutboundHttpOptions) {
    const agentOptions = { keepAlive: true, maxSockets: options.maxSockets, scheduling: 'lifo' as const };
    this.httpAgent = new http.Agent(agentOptions);
    this.httpsAgent = new https.Agent(agentOptions);
  }

  /** @throws HttpNotSent | HttpNoAnswer; what beforeSend throws is the cause of HttpNotSent. */
  send(request: OutboundRequest): Promise<OutboundAnswer> {
    return new Promise((resolve, reject) => {
      let sent = false;
      let client: ClientRequest | undefined;
      const fail = (cause: unknown): void => {
        clearTimeout(timer);
        const message = cause instanceof Error ? cause.message : String(cause);
        reject(sent ? new HttpNoAnswer(message, { cause }) : new HttpNotSent(message, { cause }));
        client?.destroy();
      };
      const timeoutMs = request.timeoutMs ?? this.options.timeoutMs;
      const timer = setTimeout(() => fail(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      try {
        client = this.open(request);
      } catch (error) {
        fail(error);
        return;
      }
      client.on('error', fail);
      client.on('response', (response) => {
        this.read(response).then((answer) => {
          clearTimeout(timer);
          resolve(answer);
        }, fail);
      });
      whenConnected(client, () => {
        try {
          request.beforeSend?.();
        } catch (error) {
          fail(error);
          return;
        }
        sent = true;
        client.end(request.body);
      });
    });
  }

  private open(request: OutboundRequest): ClientRequest {
    const url = new URL(request.url);
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw new Error(`${url.protocol} is not supported`);
    const guarded = !this.options.allowPrivateAddresses;
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // A literal address never reaches the look-up.
    if (guarded && isIP(host) !== 0 && !isPublicAddress(host))
      throw new AddressRefused(`${host} is not a public address`);
    const secure = url.protocol === 'https:';
    const headers: Record<string, string | number> = { ...request.headers };
    if (request.body !== undefined) headers['Content-Length'] = Buffer.byteLength(request.body);
    return (secure ? https : http).request(url, {
      method: request.method,
      headers,
      agent: secure ? this.httpsAgent : this.httpAgent,
      ...(guarded ? { lookup: publicLookup } : {}),
    });
  }

  private async read(response: IncomingMessage): Promise<OutboundAnswer> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > this.options.maxResponseBytes)
        throw new Error(`the answer is over ${this.options.maxResponseBytes} bytes`);
      chunks.push(chunk);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
  }

  close(): void {
    this.httpAgent.destroy();
    this.httpsAgent.destroy();
  }
}

/** A request is written only once its socket stands, so that the caller's last check and the bytes share one tick. */
function whenConnected(client: ClientRequest, send: () => void): void {
  client.on('socket', (socket) => {
    const secure = 'encrypted' in socket;
    if (!socket.connecting) send();
    else socket.once(secure ? 'secureConnect' : 'connect', send);
  });
}

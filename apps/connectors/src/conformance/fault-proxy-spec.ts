import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the network does to one request. The rail sees the request in all but the first case. */
export type ProxyFault =
  | 'drop-unseen'
  | 'drop-after'
  | 'cut-answer'
  | 'error-after'
  | 'broken-body'
  | { answer: (rail: RailReply) => Partial<RailReply> };

export interface RailReply {
  status: number;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface SeenRequest {
  method: string;
  path: string;
  body: string;
  at: number;
}

interface Armed {
  matches: (method: string, path: string) => boolean;
  fault: ProxyFault;
  left: number;
}

/** A proxy between connector and rail that counts what passes, and does to single requests what networks do. */
export class FaultProxy {
  readonly seen: SeenRequest[] = [];
  /** Time that each request spends here before the rail sees it, in milliseconds. */
  delayMs = 0;
  inFlight = 0;
  mostInFlight = 0;
  private armed: Armed[] = [];
  private readonly server = http.createServer((request, response) => {
    this.pass(request, response).catch(() => response.destroy());
  });

  constructor(private readonly target: string) {}

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The next `times` matching requests meet the fault. */
  arm(matches: Armed['matches'], fault: ProxyFault, times = 1): void {
    this.armed.push({ matches, fault, left: times });
  }

  heal(): void {
    this.armed = [];
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { method = '', url: path = '' } = request;
    this.seen.push({ method, path, body: body.toString(), at: performance.now() });
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      const armed = this.armed.find(({ left, matches }) => left > 0 && matches(method, path));
      if (armed !== undefined) armed.left -= 1;
      if (armed?.fault === 'drop-unseen') return void response.destroy();
      if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
      const reply = await this.forward(method, path, request.headers, body);
      send(response, reply, armed?.fault);
    } finally {
      this.inFlight -= 1;
    }
  }

  private forward(
    method: string,
    path: string,
    headers: IncomingHttpHeaders,
    body: Buffer,
  ): Promise<RailReply> {
    return new Promise((resolve, reject) => {
      const passed = { ...headers, host: new URL(this.target).host, connection: 'close' };
      const client = http.request(
        `${this.target}${path}`,
        { method, headers: passed, agent: false },
        (reply) => {
          const chunks: Buffer[] = [];
          reply.on('data', (chunk: Buffer) => chunks.push(chunk));
          reply.on('error', reject);
          reply.on('end', () =>
            resolve({
              status: reply.statusCode ?? 0,
              headers: reply.headers,
              body: Buffer.concat(chunks).toString(),
            }),
          );
        },
      );
      client.on('error', reject);
      client.end(body);
    });
  }
}

function send(response: ServerResponse, reply: RailReply, fault: ProxyFault | undefined): void {
  if (fault === 'drop-after') return void response.destroy();
  const changed = typeof fault === 'object' ? { ...reply, ...fault.answer(reply) } : reply;
  const type = { 'content-type': 'application/json' };
  if (fault === 'error-after') return void response.writeHead(500, type).end('{"status":false}');
  if (fault === 'broken-body') return void response.writeHead(reply.status, type).end(reply.body.slice(0, 9));
  const length = Buffer.byteLength(changed.body);
  if (fault === 'cut-answer') {
    response.writeHead(reply.status, { ...type, 'content-length': length });
    response.write(reply.body.slice(0, Math.floor(length / 2)), () => response.destroy());
    return;
  }
  const retryAfter = changed.headers['retry-after'];
  response
    .writeHead(changed.status, {
      ...type,
      'content-length': length,
      ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
    })
    .end(changed.body);
}

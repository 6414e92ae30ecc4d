import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One call as it arrived. */
export interface Heard {
  path: string;
  text: string;
  header: { message_id: string; action: string; [field: string]: unknown };
  message: Record<string, unknown>;
}

type Reply = number | 'hang';

/** A G2P system's side that keeps every call and answers as it is told to: a status, or never. */
export class TestReceiver {
  readonly heard: Heard[] = [];
  /** Most calls with one message_id that were open at the same time. */
  sameAtOnceMax = 0;
  /** What it answers; a call that hangs keeps its connection until the end. */
  reply: (call: Heard) => Reply = () => 200;
  private readonly open = new Map<string, number>();
  private readonly hanging = new Set<ServerResponse>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString('utf8');
        const body = JSON.parse(text) as Pick<Heard, 'header' | 'message'>;
        this.take({ path: request.url ?? '', text, header: body.header, message: body.message }, response);
      });
    });
  }

  static async start(): Promise<TestReceiver> {
    const receiver = new TestReceiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  url(path: string): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}${path}`;
  }

  /** Calls whose path ends so. */
  at(end: string): Heard[] {
    return this.heard.filter(({ path }) => path.endsWith(end));
  }

  get hung(): number {
    return this.hanging.size;
  }

  private take(call: Heard, response: ServerResponse): void {
    const id = call.header.message_id;
    this.heard.push(call);
    const open = (this.open.get(id) ?? 0) + 1;
    this.open.set(id, open);
    this.sameAtOnceMax = Math.max(this.sameAtOnceMax, open);
    response.on('close', () => {
      this.hanging.delete(response);
      this.open.set(id, (this.open.get(id) ?? 1) - 1);
    });
    const reply = this.reply(call);
    if (reply === 'hang') this.hanging.add(response);
    else response.writeHead(reply).end('{"message":{"ack_status":"ACK"}}');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

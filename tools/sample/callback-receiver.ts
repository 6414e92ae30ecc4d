import { createServer, type IncomingMessage, type Server } from 'node:http';

interface Callback {
  header: { message_id: string; status: string; total_count: number; completed_count: number };
  message: { transaction_id: string; disbursements_status: { reference_id: string; status: string }[] };
}

/** What a batch was told so far. */
interface Told {
  status: string;
  completedCount: number;
  lines: Map<string, string[]>;
}

/** The G2P system's side of the sample: takes on-disburse callbacks and keeps what each line was told. */
export class CallbackReceiver {
  delivered = 0;
  /** Callbacks that came again with the same message_id: a repeat after a lost answer, told once. */
  repeated = 0;
  private readonly seen = new Set<string>();
  private readonly batches = new Map<string, Told>();
  private readonly server: Server;

  constructor(private readonly port: number) {
    this.server = createServer((request, response) => {
      this.take(request).then(
        () =>
          response
            .writeHead(200, { 'Content-Type': 'application/json' })
            .end('{"message":{"ack_status":"ACK"}}'),
        (error: unknown) => response.writeHead(400).end(String(error)),
      );
    });
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(this.port, '127.0.0.1', () => resolve());
    });
  }

  private async take(request: IncomingMessage): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { header, message } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Callback;
    this.delivered += 1;
    if (this.seen.has(header.message_id)) {
      this.repeated += 1;
      return;
    }
    this.seen.add(header.message_id);
    const told = this.batches.get(message.transaction_id) ?? {
      status: '',
      completedCount: 0,
      lines: new Map<string, string[]>(),
    };
    this.batches.set(message.transaction_id, told);
    told.status = header.status;
    told.completedCount = header.completed_count;
    for (const { reference_id, status } of message.disbursements_status) {
      told.lines.set(reference_id, [...(told.lines.get(reference_id) ?? []), status]);
    }
  }

  /** What each line of a batch was told, in order. */
  linesOf(transactionId: string): ReadonlyMap<string, string[]> {
    return this.batches.get(transactionId)?.lines ?? new Map<string, string[]>();
  }

  /** Header status of the batch's latest callback. */
  statusOf(transactionId: string): string | undefined {
    return this.batches.get(transactionId)?.status;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(() => resolve()));
  }
}

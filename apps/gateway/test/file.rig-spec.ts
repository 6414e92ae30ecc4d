import multipart from '@fastify/multipart';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError } from 'fastify';
import { ApiError } from '../src/api-error.js';
import { FileLines } from '../src/files/file.lines.js';
import { FileLoader } from '../src/files/file.loader.js';
import { FileService } from '../src/files/file.service.js';
import type { GatewayConfig } from '../src/gateway.config.js';
import type { Sender } from '../src/senders/sender.js';
import { SenderRegistry } from '../src/senders/sender-registry.js';
import { OutcomeRig } from './outcome.rig-spec.js';

export interface Sent {
  status: number;
  code?: string;
  message?: string;
  correlationId?: string;
}

/** One gateway's part in files: takes uploads over HTTP; loads only when it is told to. */
export interface FileGateway {
  loader: FileLoader;
  send(form: FormData, sender?: string): Promise<Sent>;
  /** Until nothing waits. */
  loadAll(): Promise<void>;
  close(): Promise<void>;
}

/** Files on a database of their own, with as many gateways as a test wants. */
export class FileRig {
  private readonly open: FileGateway[] = [];

  private constructor(readonly outcome: OutcomeRig) {}

  static async start(): Promise<FileRig> {
    return new FileRig(await OutcomeRig.start());
  }

  async gateway(
    config: Partial<GatewayConfig> = {},
    senders: SenderRegistry = this.outcome.senders,
  ): Promise<FileGateway> {
    const { record, queue, metrics } = this.outcome;
    const own = Object.assign({}, this.outcome.config, { fileChunkRows: 3 }, config);
    const { service: intake, dispatch, crashPoints } = this.outcome.intakeParts();
    const lines = new FileLines(intake, own);
    const { dataSource } = record;
    const loader = new FileLoader(dataSource, own, senders, lines, dispatch, queue, metrics, crashPoints);
    const service = new FileService(dataSource, own, metrics, loader);
    const fastify = new FastifyAdapter().getInstance();
    await fastify.register(multipart);
    fastify.post('/disburse', async (request) => {
      const { 'x-sender': id } = request.headers;
      return service.accept(senders.get(typeof id === 'string' ? id : 'strict')!, request);
    });
    fastify.setErrorHandler((error: FastifyError | ApiError, _request, reply) =>
      reply
        .status(error instanceof ApiError ? error.status : (error.statusCode ?? 500))
        .send({ code: error.code, message: error.message }),
    );
    const url = await fastify.listen({ port: 0, host: '127.0.0.1' });
    const gateway: FileGateway = {
      loader,
      send: async (body, sender = 'strict') => {
        const answer = await fetch(`${url}/disburse`, {
          method: 'POST',
          body,
          headers: { 'X-Sender': sender },
        });
        return { status: answer.status, ...((await answer.json()) as object) };
      },
      loadAll: async () => {
        while (await loader.loadNext());
      },
      close: async () => {
        fastify.server.closeAllConnections();
        await fastify.close();
      },
    };
    this.open.push(gateway);
    return gateway;
  }

  /** Senders of the examples, with changes over them. */
  senders(changes: Record<string, Partial<Sender>>): SenderRegistry {
    const senders = this.outcome.senders.all.map((sender) => ({ ...sender, ...changes[sender.id] }));
    return new SenderRegistry({ senders, auditors: [] });
  }

  rows<T>(sql: string, parameters: unknown[] = []): Promise<T[]> {
    return this.outcome.record.rows<T>(sql, parameters);
  }

  /** Files that nobody was told of, and bytes that are kept. */
  async leftovers(): Promise<unknown> {
    const [counts] = await this.rows(
      `SELECT (SELECT count(*)::int FROM intake_file WHERE state = 'receiving') AS receiving,
              (SELECT count(*)::int FROM intake_file_piece) AS pieces`,
    );
    return counts;
  }

  async stop(): Promise<void> {
    for (const gateway of this.open) await gateway.close();
    await this.outcome.stop();
  }
}

export const HEADER = 'reference_id,payee_fa,amount,currency_code';

/** A CSV form. */
export function csvForm(
  transactionId: string | undefined,
  rows: readonly string[],
  fields: Record<string, string> = {},
  header = HEADER,
): FormData {
  const form = new FormData();
  form.set('action', 'disburse');
  form.set('fileFormat', 'csv');
  if (transactionId !== undefined) form.set('transaction_id', transactionId);
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  form.set('fileName', new Blob([[header, ...rows, ''].join('\r\n')], { type: 'text/csv' }), 'list.csv');
  return form;
}

/** A good row. */
export function row(reference: string, amount = '10.00'): string {
  return `${reference},phone:+254711223344@mpesa,${amount},KES`;
}

export function goodRows(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => row(`${prefix}-${index + 1}`));
}

import { Transform, type Readable, type TransformCallback } from 'node:stream';
import { Injectable, StreamableFile, type OnApplicationShutdown } from '@nestjs/common';
import { copyOut, createClient, inlined } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import type { Statement } from './line.query.js';

/** Exports at once; each has a connection and a snapshot of its own, which the database keeps rows for. */
const AT_ONCE = 4;
const RETRY_AFTER_S = 30;
/** A receiver that takes nothing for so long is gone. */
const STALLED_MS = 60_000;

/**
 * Lists as CSV (RFC 4180, UTF-8, a head line), of one snapshot and any length: PostgreSQL writes them as fast as they are taken, so memory
 * stays flat. An export that fails half-way ends the connection without its last chunk, so nobody takes it for whole.
 */
@Injectable()
export class CsvExport implements OnApplicationShutdown {
  private readonly running = new Set<Readable>();

  constructor(private readonly config: GatewayConfig) {}

  onApplicationShutdown(): void {
    for (const stream of this.running) stream.destroy();
  }

  /** @param name what the file is called. @throws ApiError when too many are running. */
  async open({ sql, parameters }: Statement, name: string): Promise<StreamableFile> {
    if (this.running.size >= AT_ONCE) {
      const sentence = `${AT_ONCE} exports are running; ask again when one has ended.`;
      throw new ApiError('err.request.too_many_requests', sentence, { retryAfterSeconds: RETRY_AFTER_S });
    }
    const client = createClient(this.config.databaseUrl);
    const taken = new Taken();
    this.running.add(taken);
    taken.once('close', () => {
      this.running.delete(taken);
      // Ends the query too where the receiver went away before its end.
      void client.end();
    });
    // Whoever reads the stream hears of an error; without a reader nobody misses it.
    taken.on('error', () => undefined);
    client.on('error', (error) => taken.destroy(error));
    try {
      await client.connect();
      const rows = copyOut(client, `COPY (${inlined(sql, parameters)}) TO STDOUT (FORMAT csv, HEADER)`);
      rows.once('error', (error) => taken.destroy(error));
      rows.pipe(taken);
    } catch (error) {
      taken.destroy();
      throw error;
    }
    return new StreamableFile(taken, {
      type: 'text/csv; charset=utf-8',
      disposition: `attachment; filename="${name}.csv"`,
    });
  }
}

/** Passes bytes on, and gives up on a receiver that takes none. */
class Taken extends Transform {
  private takenAt = Date.now();
  private readonly watch = setInterval(() => {
    if (this.readableLength > 0 && Date.now() - this.takenAt > STALLED_MS)
      this.destroy(new Error('The receiver takes nothing.'));
  }, STALLED_MS / 4);

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.takenAt = Date.now();
    done(null, chunk);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    clearInterval(this.watch);
    done(error);
  }
}

import {
  closeSync,
  fdatasync,
  fstatSync,
  ftruncateSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import type { DisbursementBody, ErrorObject } from './gsma.message.js';

/** One line of the journal. The first line of a payment says who is paid what; later lines say what became of it. */
export type JournalEntry =
  | ({
      event: 'accepted';
      provider: string;
      correlationId: string;
      serverCorrelationId: string;
      transactionReference: string;
      payee: string;
      at: string;
      /** Epoch milliseconds at which it completes. */
      dueAt: number;
      callbackUrl?: string;
      /** True where the payment was executed in the same step: no 'executed' line follows. */
      executed: boolean;
    } & DisbursementBody)
  | { event: 'executed'; provider: string; transactionReference: string; at: string }
  | { event: 'failed'; provider: string; transactionReference: string; error: ErrorObject; at: string }
  | {
      event: 'reversed';
      provider: string;
      transactionReference: string;
      reversalReference: string;
      correlationId?: string;
      at: string;
    }
  | {
      event: 'refused';
      provider: string;
      correlationId: string;
      serverCorrelationId: string;
      limited?: string;
      error: ErrorObject;
      at: string;
    };

const FSYNC_INTERVAL_MS = 200;
const syncData = promisify(fdatasync);
const NEWLINE = 0x0a;

/**
 * Append-only file of JSON lines. All lines of one turn of the event loop go out in one write, and nobody is answered
 * before it: a kill -9 loses nothing that was said. The disk is synced five times a second (a power cut may lose that).
 */
export class Journal<Entry> {
  private lines: string[] = [];
  private written: Promise<void> | undefined;
  private dirty = false;
  private closed = false;
  private syncing: Promise<void> | undefined;
  private readonly syncTimer: NodeJS.Timeout;

  private constructor(
    private readonly file: number,
    private readonly onFatal: (error: Error) => void,
  ) {
    this.syncTimer = setInterval(() => this.sync(), FSYNC_INTERVAL_MS).unref();
  }

  /** Opens the journal and hands every stored entry to `restore`. @throws Error when a line other than a torn last one is unreadable. */
  static async open<Entry>(
    { folder, name }: { folder: string; name: string },
    restore: (entry: Entry) => void,
    onFatal: (error: Error) => void,
  ): Promise<Journal<Entry>> {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, `${name}.jsonl`);
    const file = openSync(path, 'a+');
    dropTornLine(file);
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
      number += 1;
      try {
        restore(JSON.parse(line) as Entry);
      } catch (cause) {
        throw new Error(`Line ${number} of ${path} is unreadable: move the file away to start anew.`, {
          cause,
        });
      }
    }
    return new Journal<Entry>(file, onFatal);
  }

  /** Resolves when the operating system has the line. */
  append(entry: Entry): Promise<void> {
    if (this.closed) return Promise.reject(new Error('The journal is closed.'));
    this.lines.push(`${JSON.stringify(entry)}\n`);
    this.written ??= new Promise((resolve) => {
      setImmediate(() => {
        this.flush();
        resolve();
      });
    });
    return this.written;
  }

  /** Resolves when the disk has every line. A sync under way is waited for: without it, it would find its file closed. */
  async close(): Promise<void> {
    this.closed = true;
    clearInterval(this.syncTimer);
    this.flush();
    await this.syncing;
    fsyncSync(this.file);
    closeSync(this.file);
  }

  private flush(): void {
    const bytes = Buffer.from(this.lines.join(''));
    this.lines = [];
    this.written = undefined;
    try {
      for (let offset = 0; offset < bytes.length;) offset += writeSync(this.file, bytes, offset);
      this.dirty = true;
    } catch (error) {
      this.onFatal(new Error('The journal cannot be written: is the disk full?', { cause: error }));
    }
  }

  private sync(): void {
    if (!this.dirty || this.syncing !== undefined) return;
    this.dirty = false;
    this.syncing = syncData(this.file)
      .catch((cause: unknown) => {
        this.onFatal(new Error('The journal cannot be synced to disk.', { cause }));
      })
      .finally(() => {
        this.syncing = undefined;
      });
  }
}

/** A crash in mid-write leaves half a line, which was never answered for. */
function dropTornLine(file: number): void {
  const chunk = Buffer.alloc(65_536);
  let end = fstatSync(file).size;
  const size = end;
  while (end > 0) {
    const start = Math.max(0, end - chunk.length);
    readSync(file, chunk, 0, end - start, start);
    const at = chunk.subarray(0, end - start).lastIndexOf(NEWLINE);
    if (at !== -1) {
      if (start + at + 1 < size) ftruncateSync(file, start + at + 1);
      return;
    }
    end = start;
  }
  if (size > 0) ftruncateSync(file, 0);
}

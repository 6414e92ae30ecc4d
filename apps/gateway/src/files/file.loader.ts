import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BadJson } from '@gpo/g2p-connect-schemas';
import { Poller, inTransaction, isDatabaseAway, type Sql } from '@gpo/persistence';
import { CallbackQueue } from '../callback/callback.queue.js';
import { DispatchPublisher } from '../dispatch/dispatch.publisher.js';
import { GatewayConfig } from '../gateway.config.js';
import { CrashPoints } from '../health/crash-points.js';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { completeBatches } from '../outcome/counters.repository.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { BadFile } from './bad-file.js';
import { FileLines } from './file.lines.js';
import {
  dropAbandoned,
  endFile,
  postponeFile,
  readWindow,
  saveProgress,
  takeFile,
  type OpenFile,
} from './file.repository.js';
import { readCsvRows, readJsonRows, type ReadRows } from './file.rows.js';

const IDLE_MS = 1000;
const POSTPONED_MS = 30_000;
const ABANDONED_MS = 3_600_000;

/**
 * Loads acknowledged files in chunks, each with its progress in one transaction: a process may die at any moment, and
 * the next one, on any gateway, goes on with the next row. Files take turns, so that a large one holds up nobody.
 */
@Injectable()
export class FileLoader implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('file');
  private readonly poller = new Poller({ name: 'file', idleMs: IDLE_MS, work: () => this.loadNext() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly senders: SenderRegistry,
    private readonly lines: FileLines,
    private readonly dispatch: DispatchPublisher,
    private readonly callbacks: CallbackQueue,
    private readonly metrics: GatewayMetrics,
    private readonly crashPoints: CrashPoints,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.poller.stop();
  }

  /** A file was committed. */
  wake(): void {
    this.poller.wake();
  }

  /** Loads one chunk of one file. @returns false where nothing waits. */
  async loadNext(): Promise<boolean> {
    let taken: OpenFile | undefined;
    try {
      await inTransaction(this.dataSource, async (sql) => {
        taken = await takeFile(sql);
        if (taken === undefined) return;
        await this.loadChunk(sql, taken);
        this.crashPoints.reached('load.before-commit');
      });
    } catch (error) {
      if (taken === undefined || isDatabaseAway(error)) throw error;
      await this.failed(taken, error);
      return true;
    }
    if (taken === undefined) {
      await dropAbandoned(this.dataSource, ABANDONED_MS);
      return false;
    }
    this.crashPoints.reached('load.after-commit');
    // Where its last rows added nothing, no outcome will notice that the batch is complete.
    await completeBatches(this.dataSource, this.config.directIdleMs, [taken.batch_id]);
    this.dispatch.wake();
    this.callbacks.wake();
    return true;
  }

  private async loadChunk(sql: Sql, file: OpenFile): Promise<void> {
    const sender = this.senders.get(file.sender_id);
    if (sender === undefined)
      throw new Error(`the sender ${file.sender_id} is no longer in the senders file`);
    const read = await this.read(sql, file);
    const { added, linesBefore } = await this.lines.add(sql, sender, file, read.rows);
    await saveProgress(sql, file, { rows: read.rows.length, used: read.used, linesBefore });
    const loaded = file.rows_loaded + read.rows.length;
    if (loaded === file.rows) await endFile(sql, file);
    else if (read.rows.length === 0 && read.used === 0)
      throw new BadFile(`The file ends after ${loaded} of ${file.rows} rows.`);
    this.metrics.loaded(sender.id, added);
  }

  private async read(sql: Sql, file: OpenFile): Promise<ReadRows> {
    const window = await readWindow(sql, file);
    const max = Math.min(this.config.fileChunkRows, file.rows - file.rows_loaded);
    if (file.layout !== null) return readCsvRows(window, file.layout, max);
    return readJsonRows(window, file.rows_loaded === 0, max);
  }

  /** What cannot be read ends here and is told in the batch's status; any other failure is tried again, after the others. */
  private async failed(file: OpenFile, error: unknown): Promise<void> {
    const what = `file ${file.file_id} of batch ${file.batch_id}, row ${file.rows_loaded + 1}`;
    if (error instanceof BadFile || error instanceof BadJson) {
      this.log.error(`${what}: refused: ${error.message}`);
      await inTransaction(this.dataSource, (sql) => this.refuse(sql, file, error.message));
      this.metrics.alarm('file_refused');
      return;
    }
    this.log.error(`${what}: not loaded, will try again: ${String(error)}`);
    await postponeFile(this.dataSource, file.file_id, POSTPONED_MS);
    this.metrics.alarm('file_postponed');
  }

  /** Unless another gateway has gone on with it meanwhile. */
  private async refuse(sql: Sql, file: OpenFile, why: string): Promise<void> {
    const [row] = await sql.query<unknown[]>(
      `SELECT 1 FROM intake_file WHERE file_id = $1 AND rows_loaded = $2 AND state IN ('stored', 'loading') FOR UPDATE`,
      [file.file_id, file.rows_loaded],
    );
    if (row !== undefined) await endFile(sql, file, why);
  }
}

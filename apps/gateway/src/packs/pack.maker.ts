import { createHash } from 'node:crypto';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readHeadRecord } from '@gpo/audit';
import { KafkaConnection, TOPICS, readTopic } from '@gpo/messaging';
import { Poller, Snapshot, utcText, type Sql } from '@gpo/persistence';
import { CloseOutService } from '../close-out/close-out.service.js';
import { GatewayConfig } from '../gateway.config.js';
import { ENDS, LastHeads } from './pack.chain.js';
import { packFiles } from './pack.content.js';
import type { PackSummary } from './pack.html.js';
import {
  clearPacks,
  endPack,
  giveBack,
  keepPiece,
  takePack,
  tellProgress,
  type Progress,
  type TakenPack,
} from './pack.repository.js';
import { openBookings, openScope } from './pack.scope.js';
import { readPackPositions, readPackTotals } from './pack.totals.js';
import { zipped, type PackedFile } from './pack.zip.js';

const IDLE_MS = 5_000;
const TELL_MS = 1_000;

/** Makes auditor's packs, one at a time, each of one snapshot; several gateways share the work. */
@Injectable()
export class PackMaker implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly log = new Logger('packs');
  private stopping = false;
  private snapshot: Snapshot | undefined;
  private readonly poller = new Poller({ name: 'packs', idleMs: IDLE_MS, work: () => this.work() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
    private readonly closeOuts: CloseOutService,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  /** What is being made is given back: another gateway, or the next life of this one, begins it anew. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.snapshot?.close();
    await this.poller.stop();
  }

  wake(): void {
    this.poller.wake();
  }

  private async work(): Promise<boolean> {
    await clearPacks(this.dataSource);
    const taken = this.stopping ? undefined : await takePack(this.dataSource);
    if (taken === undefined) return false;
    try {
      await this.make(taken);
    } catch (error) {
      if (this.stopping) {
        await giveBack(this.dataSource, taken);
        return false;
      }
      this.log.error(`pack ${taken.packId}: ${String(error)}`);
      await endPack(this.dataSource, taken, {
        message: 'It could not be made; the log of the gateway says why. Ask again.',
      });
    }
    return true;
  }

  private async make(taken: TakenPack): Promise<void> {
    const heads = await this.publishedHeads();
    const progress = new Telling(this.dataSource, taken);
    const digest = createHash('sha256');
    let [bytes, nth] = [0, 0];
    const snapshot = await Snapshot.open(this.config.databaseUrl);
    this.snapshot = snapshot;
    // It was not there to be closed.
    if (this.stopping) await snapshot.close();
    try {
      progress.start();
      for await (const piece of this.pieces(snapshot, taken, heads, progress)) {
        digest.update(piece);
        bytes += piece.length;
        await keepPiece(this.dataSource, taken, nth, piece);
        nth += 1;
      }
    } finally {
      progress.stop();
      this.snapshot = undefined;
      await snapshot.close();
    }
    await endPack(this.dataSource, taken, { bytes, sha256: digest.digest(), ...progress.totals });
    this.log.log(`pack ${taken.packId}: ${bytes} bytes`);
  }

  private async *pieces(
    sql: Sql,
    taken: TakenPack,
    heads: LastHeads,
    progress: Telling,
  ): AsyncGenerator<Buffer> {
    const batches = await openScope(sql, taken.scope);
    await openBookings(sql);
    const summary = await this.summaryOf(sql, taken);
    const files = await packFiles(sql, {
      ...{ batches, summary, heads, keys: this.closeOuts.keys() },
      wrote: (lines) => progress.wrote(lines),
    });
    progress.total(
      files.length,
      batches.reduce((sum, { total_count: lines }) => sum + lines, 0),
    );
    const last = async (packed: readonly PackedFile[]): Promise<{ name: string; text: string }[]> => {
      const { pack_id, scope, made_at } = summary;
      const manifest = `${JSON.stringify({ format: 1, pack_id, scope, made_at, files: packed }, null, 2)}\n`;
      const signature = await this.closeOuts.sign(manifest);
      return [
        { name: 'manifest.json', text: manifest },
        ...(signature === undefined ? [] : [{ name: 'manifest.jws', text: signature }]),
      ];
    };
    yield* zipped(files, last, (packed) => progress.file(packed.length));
  }

  private async summaryOf(sql: Sql, { packId, scope, askedBy }: TakenPack): Promise<PackSummary> {
    const [batch] =
      scope.batchId === undefined
        ? []
        : await sql.query<NonNullable<PackSummary['batch']>[]>(
            `SELECT sender_id, transaction_id, ${utcText('received_at')} AS received_at, ${utcText('completed_at')} AS completed_at
               FROM batch WHERE batch_id = $1`,
            [scope.batchId],
          );
    return {
      ...{ format: 1, pack_id: packId, made_at: new Date().toISOString(), asked_by: askedBy },
      scope:
        scope.batchId === undefined
          ? { from: scope.fromDay!, to: scope.toDay! }
          : { batch_id: scope.batchId },
      ...(batch === undefined ? {} : { batch }),
      totals: await readPackTotals(sql),
      positions: await readPackPositions(sql),
    };
  }

  /** Read before the snapshot, so that none is of a later link than the pack has. */
  private async publishedHeads(): Promise<LastHeads> {
    const ends = await this.dataSource.query<{ chain: number; link: string }[]>(ENDS);
    const heads = new LastHeads(new Map(ends.map(({ chain, link }) => [chain, Number(link)])));
    const connection = new KafkaConnection({ ...this.config.kafka, clientId: 'gpo-packs' });
    for await (const text of readTopic(connection, TOPICS.audit.name)) heads.take(readHeadRecord(text));
    return heads;
  }
}

/** Writes down every second how far a pack is, so that nobody else takes it. */
class Telling {
  private readonly log = new Logger('packs');
  private readonly progress: Progress = { filesDone: 0, filesTotal: 0, linesDone: 0, linesTotal: 0 };
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly sql: Sql,
    private readonly taken: TakenPack,
  ) {}

  start(): void {
    this.timer = setInterval(() => {
      // Where another gateway has the pack by now, the next piece is refused, and that ends it.
      tellProgress(this.sql, this.taken, this.progress).catch((error: unknown) =>
        this.log.warn(`pack ${this.taken.packId}: ${String(error)}`),
      );
    }, TELL_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  get totals(): { files: number; lines: number } {
    return { files: this.progress.filesTotal, lines: this.progress.linesDone };
  }

  total(files: number, lines: number): void {
    this.progress.filesTotal = files;
    this.progress.linesTotal = lines;
  }

  wrote(lines: number): void {
    this.progress.linesDone += lines;
  }

  file(done: number): void {
    this.progress.filesDone = done;
  }
}

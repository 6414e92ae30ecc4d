import { Controller, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  DeadLetters,
  OnTopic,
  TOPICS,
  UnreadableRecord,
  type DeadLetter,
  type InRecord,
} from '@gpo/messaging';
import {
  ActiveScenarios,
  Poller,
  park,
  removeParked,
  takeParked,
  unpark,
  type ScenarioRef,
} from '@gpo/persistence';
import { ConnectorsConfig } from '../connectors.config.js';
import { LaneRegistry } from '../lanes/lane.registry.js';
import type { ClaimRequest, ClaimVerdict } from './claim.repository.js';
import { ClaimService } from './claim.service.js';
import { readClaimRequest } from './request.reader.js';

const PARKED_MS = 1000;

/**
 * Reads g2p.filtered-requests. Every record ends as an attempt row, as a replay, parked, or as a dead letter. One that
 * comes before its time, or while a person holds it, is dropped: it is published from the row when it may go on.
 */
@Controller()
export class RequestConsumer implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly pump = new Poller({ name: 'connect', idleMs: PARKED_MS, work: () => this.tryParked() });

  private readonly active: ActiveScenarios;

  constructor(
    private readonly claims: ClaimService,
    private readonly lanes: LaneRegistry,
    private readonly deadLetters: DeadLetters,
    private readonly dataSource: DataSource,
    private readonly config: ConnectorsConfig,
  ) {
    this.active = new ActiveScenarios(dataSource);
  }

  onApplicationBootstrap(): void {
    this.pump.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.pump.stop();
  }

  @OnTopic(TOPICS.filteredRequests)
  async filteredRequests(batch: InRecord[]): Promise<void> {
    const { letters, waiting } = await this.handle(batch);
    if (waiting.length > 0) await park(this.dataSource, waiting);
    await this.deadLetters.send(letters);
  }

  private async handle(
    records: readonly InRecord[],
  ): Promise<{ letters: DeadLetter[]; waiting: InRecord[] }> {
    const letters: DeadLetter[] = [];
    const waiting: InRecord[] = [];
    const recordOf = new Map<ClaimRequest, InRecord>();
    for (const record of records) {
      try {
        recordOf.set(this.read(record), record);
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        letters.push({ record, reason: 'record.unreadable', detail: error.message });
      }
    }
    for (const request of recordOf.keys()) request.routedBy ??= await this.writerOf(request);
    for (const [request, verdict] of await this.claims.claim([...recordOf.keys()])) {
      const record = recordOf.get(request)!;
      if (verdict === 'no_row') waiting.push(record);
      else if (REASON[verdict] !== undefined) letters.push({ record, reason: REASON[verdict] });
    }
    return { letters, waiting };
  }

  /** A retry was decided, and its lane chosen, by the rules that write g2p.retry. */
  private writerOf({ attemptNo }: ClaimRequest): Promise<ScenarioRef | undefined> {
    return this.active.writerOf((attemptNo > 1 ? TOPICS.retry : TOPICS.filteredRequests).name);
  }

  private read(record: InRecord): ClaimRequest {
    const request = readClaimRequest(record, (lane) => this.lanes.manifest(lane)?.refusedId ?? 'burnt');
    if (this.lanes.get(request.lane) === undefined) throw new UnreadableRecord('the lane does not exist');
    return request;
  }

  /** Parked records whose row came meanwhile. */
  private async tryParked(): Promise<boolean> {
    const parked = await takeParked(this.dataSource, [TOPICS.filteredRequests.name], this.config.parkMaxMs);
    if (parked.length === 0) return false;
    const rowOf = new Map(parked.map((row) => [unpark(row), row]));
    const { letters, waiting } = await this.handle([...rowOf.keys()]);
    const still = new Set(waiting);
    for (const [record, row] of rowOf) {
      if (still.has(record) && row.expired) letters.push({ record, reason: 'record.unknown_disbursement' });
    }
    await this.deadLetters.send(letters);
    const over = [...rowOf].filter(([record, row]) => !still.has(record) || row.expired);
    await removeParked(
      this.dataSource,
      over.map(([, row]) => row.parked_id),
    );
    return false;
  }
}

const REASON: Readonly<Partial<Record<ClaimVerdict, string>>> = {
  content_mismatch: 'record.content_mismatch',
  not_payable: 'record.not_payable',
};

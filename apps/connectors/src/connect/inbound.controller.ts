import { Controller, HttpCode, Logger, NotFoundException, Param, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { LaneRegistry } from '../lanes/lane.registry.js';
import { AttemptSignal } from './attempt.signal.js';
import { wakeRailIds } from './attempt.repository.js';

const WAKE_AGAIN_MS = [50, 200, 1000];

/** Callbacks of rails. They only wake us: the outcome is read from the rail by query. */
@Controller('callbacks')
export class InboundController {
  private readonly log = new Logger('inbound');

  constructor(
    private readonly lanes: LaneRegistry,
    private readonly dataSource: DataSource,
    private readonly signal: AttemptSignal,
  ) {}

  @Put(':lane/:railId')
  @HttpCode(204)
  async put(@Param('lane') lane: string, @Req() request: FastifyRequest): Promise<void> {
    await this.receive(lane, request);
  }

  @Post(':lane/:railId')
  @HttpCode(204)
  async post(@Param('lane') lane: string, @Req() request: FastifyRequest): Promise<void> {
    await this.receive(lane, request);
  }

  private async receive(laneId: string, request: FastifyRequest): Promise<void> {
    const lane = this.lanes.get(laneId);
    if (lane === undefined) throw new NotFoundException('no such lane');
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { wake } = lane.connector.parseInbound({
      method: request.method,
      path: request.url.split('?')[0]!.slice(`/callbacks/${laneId}`.length),
      headers: request.headers,
      body,
    });
    if (wake.length === 0) return;
    await this.wake(
      laneId,
      wake.map(({ railId }) => railId),
      WAKE_AGAIN_MS,
    );
  }

  /** A callback can be faster than the answer to our submit; then the attempt is not open yet, and is woken a little later. */
  private async wake(lane: string, railIds: readonly string[], againMs: readonly number[]): Promise<void> {
    const woken = await wakeRailIds(this.dataSource, lane, railIds);
    if (woken > 0) this.signal.due();
    const [pause, ...rest] = againMs;
    if (woken >= railIds.length || pause === undefined) return;
    setTimeout(() => {
      this.wake(lane, railIds, rest).catch((error: unknown) => {
        // The poll finds it too; only time is lost.
        this.log.warn(`${lane}: a callback did not wake its attempt: ${String(error)}`);
      });
    }, pause).unref();
  }
}

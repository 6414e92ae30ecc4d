import { Controller, HttpCode, Logger, NotFoundException, Param, Post, Put, Req } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { LaneRegistry } from '../lanes/lane.registry.js';
import { AttemptSignal } from './attempt.signal.js';
import { wakeRailIds } from './attempt.repository.js';

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
    const woken = await wakeRailIds(
      this.dataSource,
      laneId,
      wake.map(({ railId }) => railId),
    );
    if (woken > 0) this.signal.due();
    else this.log.debug(`${laneId}: a callback about nothing that is open`);
  }
}

import {
  Controller,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Put,
  Req,
  UnauthorizedException,
} from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { LaneRegistry } from '../lanes/lane.registry.js';
import { WakeBuffer } from './wake.buffer.js';

/** Callbacks of rails. They only wake us: the outcome is read from the rail by query. */
@Controller('callbacks')
export class InboundController {
  constructor(
    private readonly lanes: LaneRegistry,
    private readonly wakes: WakeBuffer,
  ) {}

  @Put(':lane/:railId')
  @HttpCode(204)
  put(@Param('lane') lane: string, @Req() request: FastifyRequest): void {
    this.receive(lane, request);
  }

  @Post(':lane/:railId')
  @HttpCode(204)
  post(@Param('lane') lane: string, @Req() request: FastifyRequest): void {
    this.receive(lane, request);
  }

  /** Rails that have one address for every message, and name the rail id in the body. */
  @Post(':lane')
  @HttpCode(200)
  webhook(@Param('lane') lane: string, @Req() request: FastifyRequest): void {
    this.receive(lane, request);
  }

  private receive(laneId: string, request: FastifyRequest): void {
    const lane = this.lanes.get(laneId);
    if (lane === undefined) throw new NotFoundException('no such lane');
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
    const { wake, refused } = lane.connector.parseInbound({
      method: request.method,
      path: request.url.split('?')[0]!.slice(`/callbacks/${laneId}`.length),
      headers: request.headers,
      body,
    });
    if (refused !== undefined) throw new UnauthorizedException(refused);
    if (wake.length > 0)
      this.wakes.add(
        laneId,
        wake.map(({ railId }) => railId),
      );
  }
}

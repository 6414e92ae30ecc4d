import { Body, Controller, Get, HttpCode, Param, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiResponse,
  ApiTags,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HttpErrorResponseDto } from '@gpo/g2p-connect-schemas';
import { explainLane, type LaneExplanation } from '@gpo/lanes';
import { ApiError } from '../api-error.js';
import { readObject, readReason } from '../hold/decision.body.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { refuseSenders, type Principal } from '../senders/sender.js';
import { LaneDecisionDto, LaneDetailDto, LaneDto, LaneListDto } from './lane.dto.js';
import { decideLane, readLaneEvents, readLanes, type LaneEvent, type LaneRow } from './lane.repository.js';

const EVENTS_MAX = 50;

type Explained = LaneRow & LaneExplanation;

/** Lanes: what each does now and why, and an operator's hold. Auditors read; senders see no lanes. */
@ApiTags('operator')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class LaneController {
  constructor(private readonly dataSource: DataSource) {}

  @Get('lanes')
  @ApiOperation({ summary: 'Every lane: whether it pays, why, and what waits on it.' })
  @ApiOkResponse({ type: LaneListDto })
  async lanes(@CurrentPrincipal() principal: Principal): Promise<{ lanes: Explained[] }> {
    refuseSenders(principal, 'lanes');
    return { lanes: (await readLanes(this.dataSource)).map(explained) };
  }

  @Get('lanes/:lane')
  @ApiOperation({ summary: 'One lane, with what happened to it last.' })
  @ApiParam({ name: 'lane', schema: { type: 'string' } })
  @ApiOkResponse({ type: LaneDetailDto })
  async lane(
    @CurrentPrincipal() principal: Principal,
    @Param('lane') name: string,
  ): Promise<Explained & { events: LaneEvent[] }> {
    refuseSenders(principal, 'lanes');
    const lane = await this.find(name);
    return { ...lane, events: await readLaneEvents(this.dataSource, name, EVENTS_MAX) };
  }

  @Post('operator/lanes/:lane/hold')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({
    summary: 'Nothing more is taken on this lane until it is resumed; what is not known is still asked.',
  })
  @ApiParam({ name: 'lane', schema: { type: 'string' } })
  @ApiBody({ type: LaneDecisionDto })
  @ApiOkResponse({ type: LaneDto })
  hold(
    @CurrentOperator() operatorId: string,
    @Param('lane') name: string,
    @Body() body: Buffer | undefined,
  ): Promise<Explained> {
    return this.decide(name, 'held', operatorId, body);
  }

  @Post('operator/lanes/:lane/resume')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Lets a held or stopped lane go on; its calling hours hold all the same.' })
  @ApiParam({ name: 'lane', schema: { type: 'string' } })
  @ApiBody({ type: LaneDecisionDto })
  @ApiOkResponse({ type: LaneDto })
  resume(
    @CurrentOperator() operatorId: string,
    @Param('lane') name: string,
    @Body() body: Buffer | undefined,
  ): Promise<Explained> {
    return this.decide(name, 'open', operatorId, body);
  }

  private async decide(
    name: string,
    to: 'held' | 'open',
    operatorId: string,
    body: Buffer | undefined,
  ): Promise<Explained> {
    const reason = readReason(readObject(body));
    await this.find(name);
    await decideLane(this.dataSource, { lane: name, to, operatorId, reason });
    return this.find(name);
  }

  private async find(name: string): Promise<Explained> {
    const [lane] = name.includes('\u0000') ? [] : await readLanes(this.dataSource, name);
    if (lane === undefined) throw new ApiError('err.request.not_found', 'There is no such lane.');
    return explained(lane);
  }
}

function explained(lane: LaneRow): Explained {
  return { ...lane, ...explainLane(lane, new Date()) };
}

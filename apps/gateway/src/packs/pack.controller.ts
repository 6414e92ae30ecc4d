import { Readable } from 'node:stream';
import { Body, Controller, Get, HttpCode, Param, Post, Query, StreamableFile } from '@nestjs/common';
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
import { HttpErrorResponseDto, UUID } from '@gpo/g2p-connect-schemas';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { readObject } from '../hold/decision.body.js';
import { readDay } from '../reconciliation/reconciliation.query.js';
import { CurrentPrincipal } from '../senders/authentication.js';
import { refuseSenders, type Principal } from '../senders/sender.js';
import { hasBatch } from '../status/batch.repository.js';
import { ApiPage } from '../status/list.decorators.js';
import { pagePosition, readPageLimit, readPagePosition } from '../status/page-position.js';
import { PackDto, PackPageDto, PackRequestDto } from './pack.dto.js';
import { PackMaker } from './pack.maker.js';
import { askPack, packBytes, readPacks, type Pack } from './pack.repository.js';
import type { PackScope } from './pack.scope.js';

/** Everything about a batch or a time in one zip file, made in the background (docs/audit.md). */
@ApiTags('packs')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class PackController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly record: ReadPool,
    private readonly maker: PackMaker,
  ) {}

  @Post('packs')
  @HttpCode(202)
  @ApiOperation({ summary: "Asks for an auditor's pack of a batch, or of the batches of some days." })
  @ApiBody({ type: PackRequestDto })
  @ApiResponse({ status: 202, type: PackDto })
  async ask(@CurrentPrincipal() principal: Principal, @Body() body: Buffer | undefined): Promise<Pack> {
    refuseSenders(principal, 'packs');
    const scope = readScope(readObject(body));
    const { batchId } = scope;
    if (batchId !== undefined && !(await hasBatch(this.record, { batchId })))
      throw new ApiError('err.request.not_found', 'There is no such batch.');
    const pack = await askPack(this.dataSource, scope, principal.kind === 'sender' ? '' : principal.id);
    this.maker.wake();
    return pack;
  }

  @Get('packs')
  @ApiOperation({ summary: 'Packs, the newest first.' })
  @ApiPage()
  @ApiOkResponse({ type: PackPageDto })
  async packs(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ packs: Pack[]; next: string | null }> {
    refuseSenders(principal, 'packs');
    const limit = readPageLimit(query.limit);
    const after = query.after === undefined ? {} : { after: readPagePosition(query.after) };
    const rows = await readPacks(this.record, { limit: limit + 1, ...after });
    const packs = rows.slice(0, limit);
    const last = rows.length > limit ? packs.at(-1) : undefined;
    return { packs, next: last === undefined ? null : pagePosition({ at: last.asked_at, id: last.pack_id }) };
  }

  @Get('packs/:pack_id')
  @ApiOperation({ summary: 'How far a pack is.' })
  @ApiParam({ name: 'pack_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: PackDto })
  async pack(@CurrentPrincipal() principal: Principal, @Param('pack_id') id: string): Promise<Pack> {
    refuseSenders(principal, 'packs');
    return this.find(id);
  }

  @Get('packs/:pack_id/file')
  @ApiOperation({ summary: 'The pack itself, when it is ready.' })
  @ApiParam({ name: 'pack_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ content: { 'application/zip': { schema: { type: 'string', format: 'binary' } } } })
  async file(
    @CurrentPrincipal() principal: Principal,
    @Param('pack_id') id: string,
  ): Promise<StreamableFile> {
    refuseSenders(principal, 'packs');
    const { state, bytes } = await this.find(id);
    if (state !== 'ready')
      throw new ApiError('err.request.not_found', `The pack is not ready: it is ${state}.`);
    return new StreamableFile(Readable.from(packBytes(this.record, id), { objectMode: false }), {
      type: 'application/zip',
      length: bytes!,
      disposition: `attachment; filename="pack-${id}.zip"`,
    });
  }

  private async find(id: string): Promise<Pack> {
    const [pack] = UUID.test(id) ? await readPacks(this.record, { packId: id, limit: 1 }) : [];
    if (pack === undefined) throw new ApiError('err.request.not_found', 'There is no such pack.');
    return pack;
  }
}

/** @throws ApiError where it is neither one batch nor some days. */
function readScope(fields: Record<string, unknown>): PackScope {
  const { batch_id: batchId } = fields;
  const [fromDay, toDay] = [readDay(fields, 'from'), readDay(fields, 'to')];
  const ofBatch = typeof batchId === 'string' && UUID.test(batchId);
  if (ofBatch && fromDay === undefined && toDay === undefined) return { batchId };
  if (batchId === undefined && fromDay !== undefined && toDay !== undefined && fromDay <= toDay)
    return { fromDay, toDay };
  throw new ApiError('err.request.bad', 'Name a batch_id, or the days from and to.');
}

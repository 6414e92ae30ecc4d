import { Body, Controller, HttpCode, Post, Req, StreamableFile, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import {
  AckResponseDto,
  DisburseRequestDto,
  DisburseSyncResponseDto,
  HttpErrorResponseDto,
} from '@gpo/g2p-connect-schemas';
import type { FastifyRequest } from 'fastify';
import { FileInfoDto } from '../files/file-info.dto.js';
import { FileService } from '../files/file.service.js';
import { GatewayConfig } from '../gateway.config.js';
import { CurrentSender, SenderGuard } from '../senders/authentication.js';
import type { Sender } from '../senders/sender.js';
import { ack, nack } from './ack.js';
import { DisburseService, type Disbursed } from './disburse.service.js';
import { CONFLICT } from './message-refusals.js';
import { syncAnswer } from './sync.answer.js';

/** Interface A, intake: G2P Connect disburse, asynchronous and synchronous (disburse_core_api_v1.0.0). */
@ApiTags('G2P Connect disburse')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Ack with ERR, and errors[].' })
@UseGuards(SenderGuard)
@Controller('disburse')
export class DisburseController {
  constructor(
    private readonly service: DisburseService,
    private readonly config: GatewayConfig,
    private readonly files: FileService,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hand over disbursements; their fate comes by on-disburse callbacks and by status.',
  })
  @ApiBody({ type: DisburseRequestDto })
  @ApiExtraModels(FileInfoDto)
  @ApiOkResponse({ type: AckResponseDto })
  async disburse(
    @CurrentSender() sender: Sender,
    @Body() body: Buffer,
    @Req() request: FastifyRequest,
  ): Promise<Record<string, unknown>> {
    if (request.isMultipart()) return ack((await this.files.accept(sender, request)).correlationId);
    return acknowledged(await this.service.disburse(sender, body, 'disburse'));
  }

  @Post('sync/disburse')
  @HttpCode(200)
  @ApiOperation({
    summary: 'The same, answered with one status per line: received, or refused with its reason.',
  })
  @ApiBody({ type: DisburseRequestDto })
  @ApiOkResponse({ type: DisburseSyncResponseDto })
  async disburseSync(
    @CurrentSender() sender: Sender,
    @Body() body: Buffer,
  ): Promise<Record<string, unknown> | StreamableFile> {
    const disbursed = await this.service.disburse(sender, body, 'disburse/sync/disburse');
    return syncAnswer(sender, disbursed, this.config.gatewayId);
  }
}

/** ACK: stored, and its lines will be told. NACK: every line is refused as a known reference, and nobody is to be called. */
function acknowledged({ submission, acceptance }: Disbursed): Record<string, unknown> {
  const { conflicting, conflictsTold, correlationId } = acceptance;
  const allConflict = conflicting.length > 0 && conflicting.length === submission.lines.length;
  const nothingFollows = allConflict && submission.refused.length === 0 && !conflictsTold;
  return nothingFollows ? nack(correlationId, CONFLICT) : ack(correlationId);
}

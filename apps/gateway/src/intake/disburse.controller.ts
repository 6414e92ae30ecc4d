import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import {
  AckResponseDto,
  DisburseRequestDto,
  DisburseSyncResponseDto,
  HttpErrorResponseDto,
} from '@gpo/g2p-connect-schemas';
import { GatewayConfig } from '../gateway.config.js';
import { CurrentSender, SenderGuard } from '../senders/authentication.js';
import type { Sender } from '../senders/sender.js';
import { lineStatus } from '../status/line-status.js';
import { DisburseService, type Disbursed } from './disburse.service.js';
import type { NewLine } from './batch.repository.js';
import type { NewRefusedLine } from './refused-line.repository.js';

/** Interface A, intake: G2P Connect disburse, asynchronous and synchronous (disburse_core_api_v1.0.0). */
@ApiTags('G2P Connect disburse')
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Ack with ERR, and errors[].' })
@UseGuards(SenderGuard)
@Controller('disburse')
export class DisburseController {
  constructor(
    private readonly service: DisburseService,
    private readonly config: GatewayConfig,
  ) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Hand over disbursements; their fate comes by on-disburse callbacks and by status.',
  })
  @ApiBody({ type: DisburseRequestDto })
  @ApiOkResponse({ type: AckResponseDto })
  async disburse(@CurrentSender() sender: Sender, @Body() body: Buffer): Promise<Record<string, unknown>> {
    const { acceptance } = await this.service.disburse(sender, body);
    return {
      message: {
        ack_status: 'ACK',
        timestamp: new Date().toISOString(),
        correlation_id: acceptance.correlationId,
      },
    };
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
  ): Promise<Record<string, unknown>> {
    const disbursed = await this.service.disburse(sender, body);
    return syncAnswer(sender, disbursed, this.config.gatewayId);
  }
}

function syncAnswer(sender: Sender, disbursed: Disbursed, gatewayId: string): Record<string, unknown> {
  const { envelope, submission, acceptance } = disbursed;
  const now = new Date();
  const conflicting = new Set(acceptance.conflicting);
  const statuses = [
    ...submission.lines.map((line) => ({
      lineNo: line.lineNo,
      status: answered(line, conflicting.has(line), now),
    })),
    ...submission.refused.map((line) => ({ lineNo: line.lineNo, status: refused(line, now) })),
  ].sort((a, b) => a.lineNo - b.lineNo);
  const open = statuses.some(({ status }) => status.status === 'rcvd');
  return {
    ...(typeof envelope.header.signature === 'string' ? { signature: '' } : {}),
    header: {
      version: '1.0.0',
      message_id: submission.messageId,
      message_ts: now.toISOString(),
      action: 'on-disburse',
      status: open ? 'rcvd' : 'rjct',
      total_count: statuses.length,
      completed_count: 0,
      sender_id: gatewayId,
      receiver_id: sender.id,
      is_msg_encrypted: false,
    },
    message: {
      transaction_id: submission.transactionId,
      correlation_id: acceptance.correlationId,
      disbursements_status: statuses.map(({ status }) => status),
    },
  };
}

/** Protocol rule B: other content under a known reference is a duplicate reference, and touches nothing. */
function answered(line: NewLine, conflicting: boolean, now: Date): Record<string, unknown> {
  const violations = conflicting ? ['rjct.reference_id.duplicate'] : line.violations;
  return lineStatus(
    {
      reference_id: line.referenceId,
      state: violations.length > 0 ? 'malformed' : 'received',
      reason: violations[0] ?? null,
      message: violations.join(', '),
      updated_at: now,
      amount: line.amount,
      currency_code: line.currencyCode,
      payer_fa: line.payerFa,
      payee_fa: line.payeeFa,
      payee_name: line.payeeName,
      locale: line.locale,
    },
    violations.length > 0 ? 'rjct' : 'rcvd',
  );
}

function refused(line: NewRefusedLine, now: Date): Record<string, unknown> {
  return lineStatus({
    reference_id: line.referenceId,
    state: 'malformed',
    reason: line.errors[0] ?? null,
    message: line.message,
    updated_at: now,
  });
}

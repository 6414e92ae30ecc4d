import { Body, Controller, HttpCode, Post, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiExtraModels,
  ApiOkResponse,
  ApiOperation,
  ApiResponse,
  ApiSecurity,
  ApiTags,
  getSchemaPath,
} from '@nestjs/swagger';
import {
  AckResponseDto,
  HttpErrorResponseDto,
  TxnStatusRequestDto,
  TxnStatusResponseDto,
} from '@gpo/g2p-connect-schemas';
import { CurrentSender, SenderGuard } from '../senders/authentication.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { QuestionService } from './question.service.js';
import { TxnStatusService } from './txn-status.service.js';

/** Interface A, status: G2P Connect disburse/txn/status, asynchronous and synchronous. */
@ApiTags('G2P Connect disburse')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiExtraModels(AckResponseDto, TxnStatusResponseDto)
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Ack with ERR, and errors[].' })
@UseGuards(SenderGuard)
@Controller('disburse')
export class TxnStatusController {
  constructor(
    private readonly service: TxnStatusService,
    private readonly questions: QuestionService,
  ) {}

  @Post('txn/status')
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Status; an on-status callback answers, or this answer itself where the sender has profile openg2p.',
  })
  @ApiBody({ type: TxnStatusRequestDto })
  @ApiOkResponse({
    schema: {
      oneOf: [{ $ref: getSchemaPath(TxnStatusResponseDto) }, { $ref: getSchemaPath(AckResponseDto) }],
    },
  })
  async status(@CurrentSender() sender: Sender, @Body() body: Buffer): Promise<Record<string, unknown>> {
    const asked = await this.service.read(sender, body, 'disburse/txn/status');
    if (profileOf(sender).asyncStatusAnswersSynchronously) return this.service.answer(sender, asked.question);
    return this.questions.ask(sender, 'on-status', asked);
  }

  @Post('sync/txn/status')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Status of a transaction, of references, or of a correlation id, answered at once.',
  })
  @ApiBody({ type: TxnStatusRequestDto })
  @ApiOkResponse({ type: TxnStatusResponseDto })
  async statusSync(@CurrentSender() sender: Sender, @Body() body: Buffer): Promise<Record<string, unknown>> {
    const { question } = await this.service.read(sender, body, 'disburse/sync/txn/status');
    return this.service.answer(sender, question);
  }
}

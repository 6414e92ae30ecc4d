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
  SearchRequestDto,
  SearchResponseDto,
} from '@gpo/g2p-connect-schemas';
import { CurrentSender, SenderGuard } from '../senders/authentication.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { QuestionService } from './question.service.js';
import { SearchService } from './search.service.js';

/** Interface A, search: G2P Connect disburse/search, asynchronous and synchronous (disburse_core_api_v1.0.0). */
@ApiTags('G2P Connect disburse')
@ApiBearerAuth()
@ApiSecurity('basic')
@ApiSecurity('api-key')
@ApiExtraModels(AckResponseDto, SearchResponseDto)
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Ack with ERR, and errors[].' })
@UseGuards(SenderGuard)
@Controller('disburse')
export class SearchController {
  constructor(
    private readonly service: SearchService,
    private readonly questions: QuestionService,
  ) {}

  @Post('search')
  @HttpCode(200)
  @ApiOperation({
    summary:
      'Search; an on-search callback answers, or this answer itself where the sender has profile openg2p.',
  })
  @ApiBody({ type: SearchRequestDto })
  @ApiOkResponse({
    schema: {
      oneOf: [{ $ref: getSchemaPath(SearchResponseDto) }, { $ref: getSchemaPath(AckResponseDto) }],
    },
  })
  async search(@CurrentSender() sender: Sender, @Body() body: Buffer): Promise<Record<string, unknown>> {
    const asked = await this.service.read(sender, body, 'disburse/search');
    if (profileOf(sender).asyncStatusAnswersSynchronously) return this.service.answer(sender, asked.question);
    return this.questions.ask(sender, 'on-search', asked);
  }

  @Post('sync/search')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Disbursements to a payee, or from a payer, newest batch first, answered at once.',
  })
  @ApiBody({ type: SearchRequestDto })
  @ApiOkResponse({ type: SearchResponseDto })
  async searchSync(@CurrentSender() sender: Sender, @Body() body: Buffer): Promise<Record<string, unknown>> {
    const { question } = await this.service.read(sender, body, 'disburse/sync/search');
    return this.service.answer(sender, question);
  }
}

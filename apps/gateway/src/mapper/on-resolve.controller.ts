import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiProperty, ApiResponse, ApiTags } from '@nestjs/swagger';
import { AckResponseDto, HttpErrorResponseDto, UUID, parseExactInSlices } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { badJsonAsRefusal } from '../intake/envelope.js';
import { ack } from '../intake/ack.js';
import { BadMapperAnswer } from './mapper.form.js';
import { PayeeResolver } from './payee.resolver.js';

/** A ResolveResponse of the specification's mapper file, as far as it is read here. */
export class OnResolveMessageDto {
  @ApiProperty({ description: 'As the resolve request had it.', format: 'uuid' }) transaction_id: string;
  @ApiProperty({ type: [Object], description: 'One for each resolve_request: reference_id, status, fa.' })
  resolve_response: Record<string, unknown>[];
}

export class OnResolveRequestDto {
  @ApiProperty({ type: Object }) header: Record<string, unknown>;
  @ApiProperty({ type: OnResolveMessageDto }) message: OnResolveMessageDto;
}

/**
 * G2P Connect mapper/on-resolve: the answer of an asynchronous mapper. It proves itself by the transaction_id of the
 * question, a random UUID that is told to the mapper alone and counts once.
 */
@ApiTags('G2P Connect mapper')
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Ack with ERR, and errors[].' })
@Controller('mapper')
export class OnResolveController {
  constructor(private readonly resolver: PayeeResolver) {}

  @Post('on-resolve')
  @HttpCode(200)
  @ApiOperation({ summary: 'A mapper answers a resolve request of this gateway.' })
  @ApiBody({ type: OnResolveRequestDto })
  @ApiOkResponse({ type: AckResponseDto })
  async onResolve(@Body() body: Buffer | undefined): Promise<Record<string, unknown>> {
    const value = await read(body);
    const { transaction_id: questionId } = (value.message ?? {}) as Record<string, unknown>;
    if (typeof questionId !== 'string' || !UUID.test(questionId))
      throw new ApiError('err.request.bad', 'The message has no transaction_id of a resolve request.');
    try {
      if (await this.resolver.answered(questionId, value)) return ack(questionId);
    } catch (error) {
      if (error instanceof BadMapperAnswer) throw new ApiError('err.request.bad', `${error.message}.`);
      throw error;
    }
    throw new ApiError('err.request.not_found', 'No resolve request with this transaction_id waits here.');
  }
}

async function read(body: Buffer | undefined): Promise<Record<string, unknown>> {
  if (body === undefined || body.length === 0) throw new ApiError('err.request.bad', 'The body is empty.');
  try {
    const value = await parseExactInSlices(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    throw badJsonAsRefusal(error);
  }
}

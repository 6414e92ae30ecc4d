import { Body, Controller, Get, HttpCode, Param, Post, Query, UseGuards } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiBody,
  ApiOkResponse,
  ApiOperation,
  ApiParam,
  ApiQuery,
  ApiResponse,
  ApiSecurity,
  ApiTags,
} from '@nestjs/swagger';
import { DataSource } from 'typeorm';
import { HttpErrorResponseDto, UUID } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { CurrentOperator, CurrentPrincipal, OperatorGuard } from '../senders/authentication.js';
import { senderScope, type Principal } from '../senders/sender.js';
import { PAGE_MAX, pagePosition, readPageLimit, readPagePosition } from '../status/page-position.js';
import { readVerdict } from './review.body.js';
import { ReviewDecidedDto, ReviewDecisionDto, ReviewDto, ReviewPageDto } from './review.dto.js';
import { readReviews, type Review, type ReviewFilter } from './review.reader.js';
import { ReviewService } from './review.service.js';

/** Attempts that nobody can know about, and how an operator ends them. Auditors read; only operators decide. */
@ApiTags('operator')
@ApiBearerAuth()
@ApiResponse({ status: 'default', type: HttpErrorResponseDto, description: 'Refused; nothing changed.' })
@Controller('api/v1')
export class ReviewController {
  constructor(
    private readonly dataSource: DataSource,
    private readonly service: ReviewService,
  ) {}

  @Get('reviews')
  @ApiSecurity('basic')
  @ApiSecurity('api-key')
  @ApiOperation({ summary: 'Attempts in review, longest waiting first; a sender sees its own.' })
  @ApiQuery({
    name: 'after',
    required: false,
    description: '`next` of the page before.',
    schema: { type: 'string' },
  })
  @ApiQuery({
    name: 'limit',
    required: false,
    schema: { type: 'integer', minimum: 1, maximum: PAGE_MAX, default: 100 },
  })
  @ApiOkResponse({ type: ReviewPageDto })
  async reviews(
    @CurrentPrincipal() principal: Principal,
    @Query() query: Record<string, unknown>,
  ): Promise<{ reviews: Review[]; next: string | null }> {
    const limit = readPageLimit(query.limit);
    const filter: ReviewFilter = { ...senderScope(principal), limit: limit + 1 };
    if (query.after !== undefined) filter.after = readPagePosition(query.after);
    const rows = await readReviews(this.dataSource, filter);
    const reviews = rows.slice(0, limit);
    const last = reviews.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { reviews, next: more ? pagePosition({ at: last.review_at, id: last.disbursement_id }) : null };
  }

  @Get('reviews/:disbursement_id')
  @ApiSecurity('basic')
  @ApiSecurity('api-key')
  @ApiOperation({ summary: 'The attempt in review of one disbursement.' })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiOkResponse({ type: ReviewDto })
  async review(
    @CurrentPrincipal() principal: Principal,
    @Param('disbursement_id') id: string,
  ): Promise<Review> {
    const filter = { ...senderScope(principal), disbursementId: readId(id), limit: 1 };
    const [review] = await readReviews(this.dataSource, filter);
    if (review === undefined) throw notFound();
    return review;
  }

  @Post('operator/reviews/:disbursement_id/decide')
  @HttpCode(200)
  @UseGuards(OperatorGuard)
  @ApiOperation({ summary: 'Ends an attempt in review as the rail’s statement shows it.' })
  @ApiParam({ name: 'disbursement_id', schema: { type: 'string', format: 'uuid' } })
  @ApiBody({ type: ReviewDecisionDto })
  @ApiOkResponse({ type: ReviewDecidedDto })
  @ApiResponse({
    status: 409,
    type: HttpErrorResponseDto,
    description: 'Not as it was seen any more, too early to know, or money moved already.',
  })
  async decide(
    @CurrentOperator() operatorId: string,
    @Param('disbursement_id') id: string,
    @Body() body: Buffer | undefined,
  ): Promise<ReviewDecidedDto> {
    const { verdict, lane } = readVerdict(operatorId, readId(id), body);
    const attempt_state = await this.service.decide(verdict, lane);
    return {
      disbursement_id: verdict.disbursementId,
      attempt: verdict.attemptNo,
      attempt_state,
      decided_by: operatorId,
    };
  }
}

function readId(id: string): string {
  if (!UUID.test(id)) throw notFound();
  return id;
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'No attempt of such a disbursement is in review.');
}

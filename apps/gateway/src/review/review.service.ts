import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { inTransaction, type Sql } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { requestValue } from '../dispatch/request.message.js';
import { CrashPoints } from '../health/crash-points.js';
import type { Claim } from '../outcome/decision.js';
import { OutcomeService } from '../outcome/outcome.service.js';
import { endReview, laneExists, lockLine, readStand, type ReviewVerdict } from './review.repository.js';

/** Ends attempts that nobody can know about by an operator's decision (rule L). */
@Injectable()
export class ReviewService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly outcomes: OutcomeService,
    private readonly crashPoints: CrashPoints,
  ) {}

  /**
   * @param lane where to pay again; undefined = on the attempt's own lane.
   * @returns what became of the attempt.
   * @throws ApiError err.request.not_found, err.request.stale, err.request.too_early, err.request.too_late.
   */
  async decide(verdict: ReviewVerdict, lane: string | undefined): Promise<string> {
    if (verdict.decision === 'pay-again') await this.payAgain(verdict, lane);
    else await inTransaction(this.dataSource, (sql) => this.end(sql, verdict));
    this.crashPoints.reached('review.after-commit');
    return (await readStand(this.dataSource, verdict.disbursementId, verdict.attemptNo))!.state;
  }

  private async end(sql: Sql, verdict: ReviewVerdict): Promise<void> {
    if (!(await endReview(sql, verdict))) throw await this.refusal(sql, verdict);
  }

  /**
   * The attempt becomes rejected and retryable, and the retry is stored in the same transaction: the limit of the
   * scenario does not apply to an operator. The next attempt is then made by rule H like any other.
   */
  private async payAgain(verdict: ReviewVerdict, wanted: string | undefined): Promise<void> {
    const followed = await this.outcomes.actAfter((sql) => this.retryOf(sql, verdict, wanted), 'retry');
    if (!followed)
      throw new ApiError(
        'err.request.too_late',
        'Nothing to pay again: money moved already, or a later attempt exists.',
      );
  }

  private async retryOf(sql: Sql, verdict: ReviewVerdict, wanted: string | undefined): Promise<Claim> {
    const { disbursementId, attemptNo, operatorId: id, reason } = verdict;
    const line = await lockLine(sql, disbursementId);
    const stand = await readStand(sql, disbursementId, attemptNo);
    if (line === undefined || stand === undefined) throw notFound();
    const lane = wanted ?? stand.lane;
    if (!(await laneExists(sql, lane)))
      throw new ApiError('err.request.bad', 'There is no such lane: name one of `gpo lane list` in "lane".');
    await this.end(sql, verdict);
    return {
      kind: 'retry',
      disbursementId,
      attemptNo: attemptNo + 1,
      lane,
      notBefore: Date.now(),
      operator: { id, reason },
      record: JSON.parse(requestValue(line)) as Record<string, unknown>,
    };
  }

  /** Why a decision changed nothing, in words for the operator. */
  private async refusal(
    sql: Sql,
    { disbursementId, attemptNo, ...verdict }: ReviewVerdict,
  ): Promise<ApiError> {
    const stand = await readStand(sql, disbursementId, attemptNo);
    if (stand === undefined) return notFound();
    if (stand.state !== 'review' || stand.seen !== `${attemptNo}.${verdict.outcomeSeq}`)
      return new ApiError(
        'err.request.stale',
        `Attempt ${attemptNo} is ${stand.state} (${stand.seen}) now, not as you saw it. Look at it again.`,
      );
    if (stand.not_paid_from === null)
      return new ApiError(
        'err.request.too_early',
        `How long the rail may take is not known: start the process that hosts the lane "${stand.lane}".`,
      );
    return new ApiError(
      'err.request.too_early',
      `The statement must tell everything up to ${stand.not_paid_from.toISOString()} or later, and not the future: ` +
        'before that time the rail may still bring the payment.',
    );
  }
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'There is no such attempt in review.');
}

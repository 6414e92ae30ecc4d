import { railId } from '@gpo/g2p-connect-schemas';
import type { Seeded } from '../../../tools/testing/record-rig-spec.js';
import { AttemptSignal } from '../../connectors/src/connect/attempt.signal.js';
import type { ClaimVerdict } from '../../connectors/src/connect/claim.repository.js';
import { ClaimService } from '../../connectors/src/connect/claim.service.js';
import { readConnectorsConfig } from '../../connectors/src/connectors.config.js';
import { CrashPoints as ConnectCrashPoints } from '../../connectors/src/crash-points.js';
import { CrashPoints } from '../src/health/crash-points.js';
import type { ReviewDecision, ReviewVerdict } from '../src/review/review.repository.js';
import { ReviewService } from '../src/review/review.service.js';
import { OutcomeRig } from './outcome.rig-spec.js';

/** The real decision, outcome and claim on one database; lane `a` has told its window of one minute, lane `b` has not. */
export class ReviewRig {
  private constructor(
    readonly outcome: OutcomeRig,
    private readonly reviews: ReviewService,
    private readonly claims: ClaimService,
  ) {}

  static async start(): Promise<ReviewRig> {
    const outcome = await OutcomeRig.start();
    const { dataSource, url } = outcome.record;
    const reviews = new ReviewService(dataSource, outcome.outcomes, new CrashPoints(outcome.config));
    const config = readConnectorsConfig({ DATABASE_URL: url, KAFKA_BROKERS: '127.0.0.1:1' });
    const claims = new ClaimService(dataSource, new AttemptSignal(), new ConnectCrashPoints(config));
    await dataSource.query(
      `INSERT INTO lane (lane, hosted) VALUES ('a', '{"absent_is_final_after_ms": 60000}'), ('b', NULL)`,
    );
    return new ReviewRig(outcome, reviews, claims);
  }

  /** An attempt in review whose last lease ended `endedMs` ago. */
  async inReview(endedMs = 120_000, more: Record<string, unknown> = {}): Promise<Seeded> {
    const seeded = await this.outcome.record.disbursement({ state: 'review' });
    const send_by = new Date(Date.now() - endedMs);
    await this.outcome.record.attempt(seeded.id, 1, 'review', {
      ...{ sends: 1, first_send_at: new Date(send_by.getTime() - 30_000), send_by },
      ...{
        outcome_seq: 1,
        published_seq: 1,
        reason: 'unresolved',
        message: 'no answer',
        resolved_at: new Date(),
      },
      ...more,
    });
    return seeded;
  }

  decide(
    { id }: Seeded,
    decision: ReviewDecision,
    change: Partial<ReviewVerdict> = {},
    lane?: string,
  ): Promise<string> {
    const statementAt = new Date().toISOString();
    const verdict = {
      disbursementId: id,
      attemptNo: 1,
      outcomeSeq: 1,
      decision,
      operatorId: 'amina',
      statementAt,
    };
    const words = { reason: 'seen the statement', statement: 'camt.053 of 24 November', railReference: null };
    return this.reviews.decide({ ...verdict, ...words, ...change }, lane);
  }

  /** The next attempt, as connect makes it from the record that is published for it. */
  async claimNext({ id, ids, money }: Seeded, lane = 'a'): Promise<ClaimVerdict[]> {
    const { payer_fa: payerFa, payee_fa: payeeFa, amount, currency_code: currencyCode } = money;
    const { sender_id: senderId, transaction_id: transactionId, reference_id: referenceId } = ids;
    const request = {
      ...{ disbursementId: id, senderId, transactionId, referenceId, attemptNo: 2, lane },
      ...{ railId: railId(lane, id, 2), reuseRefusedId: false },
      money: { payerFa, payeeFa, amount, currencyCode },
    };
    return [...(await this.claims.claim([request])).values()];
  }

  /** What the history says of it. */
  history({ id }: Seeded): Promise<{ event: string }[]> {
    return this.outcome.record.rows(
      `SELECT event, from_state, to_state, reason, message, cause, actor FROM history
        WHERE disbursement_id = $1 ORDER BY history_id`,
      [id],
    );
  }
}

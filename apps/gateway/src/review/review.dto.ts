import { ApiProperty } from '@nestjs/swagger';
import { REVIEW_DECISIONS } from './review.repository.js';

/** An attempt of which nobody knows whether it was paid. */
export class ReviewDto {
  /** Names it in the decision. */
  @ApiProperty({ format: 'uuid' }) disbursement_id: string;
  /** Its batch. */
  @ApiProperty({ format: 'uuid' }) batch_id: string;
  /** Who sent it. */
  sender_id: string;
  /** The batch's name at the sender. */
  transaction_id: string;
  /** The line's name at the sender. */
  reference_id: string;
  /** Paying account. */
  payer_fa: string;
  /** Paid account. */
  payee_fa: string;
  /** Name of the payee. */
  @ApiProperty({ type: String, nullable: true }) payee_name: string | null;
  /** Decimal text. */
  amount: string;
  /** ISO 4217 code. */
  currency_code: string;
  /** State of the disbursement; see docs/states.md. */
  state: string;
  /** Number of the attempt. */
  attempt: number;
  /** Lane it was sent on; empty where none was chosen. */
  lane: string;
  /** The id under which the rail may know it: ask for this one. */
  @ApiProperty({ format: 'uuid' }) rail_id: string;
  /** The rail's own id of the payment, where it gave one. */
  @ApiProperty({ type: String, nullable: true }) rail_reference: string | null;
  /** When bytes may have gone out, the first time first; empty where nothing was ever sent. */
  @ApiProperty({ type: [String] }) sent_at: string[];
  /** After this no bytes went out any more. */
  @ApiProperty({ type: String, nullable: true }) send_by: string | null;
  /** How often the rail was asked. */
  queries: number;
  /** Why it is in review. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** What the rail said last. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  /** Since when it waits for an operator. */
  review_at: string;
  /** The same as seconds until now. */
  age_seconds: number;
  /** A statement that tells everything up to this time or later can show that it was not paid; null = not known. */
  @ApiProperty({ type: String, nullable: true }) not_paid_from: string | null;
  /** Goes into the decision, so that it is about what the operator saw. */
  seen: string;
}

/** A page of what is in review, longest waiting first. */
export class ReviewPageDto {
  @ApiProperty({ type: [ReviewDto] }) reviews: ReviewDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** An operator's decision about an attempt in review. */
export class ReviewDecisionDto {
  /** paid; returned (paid and taken back); not-paid (the disbursement fails); pay-again (not paid, and tried again). */
  @ApiProperty({ enum: REVIEW_DECISIONS }) decision: string;
  /** `seen` of the review. */
  @ApiProperty({ pattern: '^[0-9]+[.][0-9]+$' }) seen: string;
  /** Why; stands in the history beside the operator's name, and the sender reads it. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
  /** Where the rail's statement or answer that shows it can be found again. */
  @ApiProperty({ minLength: 3, maxLength: 200 }) statement: string;
  /** The time up to which the statement tells everything; needed for not-paid and pay-again. */
  @ApiProperty({ type: String, format: 'date-time', required: false }) statement_at?: string;
  /** The rail's own id of the payment, where the statement names it. */
  @ApiProperty({ type: String, minLength: 1, maxLength: 100, required: false }) rail_reference?: string;
  /** pay-again: another lane than before. */
  @ApiProperty({ type: String, minLength: 1, maxLength: 100, required: false }) lane?: string;
}

/** What the decision did. */
export class ReviewDecidedDto {
  @ApiProperty({ format: 'uuid' }) disbursement_id: string;
  /** Number of the attempt. */
  attempt: number;
  /** What the attempt is now: settled, returned or rejected. The disbursement follows within seconds. */
  attempt_state: string;
  /** The operator whose token decided. */
  decided_by: string;
}

import { ApiProperty } from '@nestjs/swagger';

/** A disbursement that waits for an operator. */
export class HoldDto {
  /** Names it in release and cancel. */
  disbursement_id: string;
  /** Its batch. */
  batch_id: string;
  /** Who sent it. */
  sender_id: string;
  /** The batch's name at the sender. */
  transaction_id: string;
  /** The line's name at the sender. */
  reference_id: string;
  /** Paid account. */
  payee_fa: string;
  /** Name of the payee. */
  @ApiProperty({ type: String, nullable: true }) payee_name: string | null;
  /** Decimal text. */
  amount: string;
  /** ISO 4217 code. */
  currency_code: string;
  /** Lane that pays it after the release. */
  lane: string;
  /** Why it is on hold, in the words of the rule. */
  reason: string;
  /** Another disbursement to the same payee at about the same time. */
  @ApiProperty({ type: String, nullable: true }) duplicate_payee_of: string | null;
  /** Since when. */
  held_at: string;
}

/** A page of what is on hold, longest waiting first. */
export class HoldPageDto {
  @ApiProperty({ type: [HoldDto] }) holds: HoldDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** An operator's decision. */
export class OperatorDecisionDto {
  /** Why; stands in the history beside the operator's name. For a cancel the sender reads it, too. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
}

/** What the decision did. */
export class DecidedDto {
  disbursement_id: string;
  /** received after a release, cancelled after a cancel. */
  state: string;
  /** The operator whose token decided. */
  decided_by: string;
}

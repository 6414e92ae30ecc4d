import { ApiProperty } from '@nestjs/swagger';

/** One try on a rail. */
export class AttemptDto {
  /** 1, 2, ... */
  attempt: number;
  /** Lane that pays it; empty where none was chosen. */
  lane: string;
  /** queued, sending, accepted, unknown, review (open); rejected, settled, returned, void (decided). */
  state: string;
  /** The id under which the rail knows it. */
  @ApiProperty({ format: 'uuid' }) rail_id: string;
  /** The rail's own id of the payment. */
  @ApiProperty({ type: String, nullable: true }) rail_reference: string | null;
  /** How often bytes may have gone out. */
  sends: number;
  /** How often the rail was asked. */
  queries: number;
  /** Why it is in this state. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** A new attempt may succeed. */
  @ApiProperty({ type: Boolean, nullable: true }) retryable: boolean | null;
  /** The rail's own words. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  /** When the lane got it. */
  @ApiProperty({ format: 'date-time' }) queued_at: string;
  /** When it first went out. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) first_send_at: string | null;
  /** When the rail had decided. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) resolved_at: string | null;
  /** Scenario that decided. */
  @ApiProperty({ type: String, nullable: true }) scenario: string | null;
  /** Its version. */
  @ApiProperty({ type: String, nullable: true }) scenario_version: string | null;
}

/** One change of state. */
export class HistoryDto {
  /** What happened; see docs/states.md. */
  event: string;
  /** State before. */
  @ApiProperty({ type: String, nullable: true }) from_state: string | null;
  /** State after. */
  to_state: string;
  /** Attempt it is about. */
  attempt: number;
  /** Why. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** The same in words. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  /** Which part of the product caused it. */
  cause: string;
  /** Operator who decided it; null where no person did. */
  @ApiProperty({ type: String, nullable: true }) actor: string | null;
  /** When. */
  @ApiProperty({ format: 'date-time' }) at: string;
  /** Scenario that decided. */
  @ApiProperty({ type: String, nullable: true }) scenario: string | null;
  /** Its version. */
  @ApiProperty({ type: String, nullable: true }) scenario_version: string | null;
}

/** That it waits, or waited, for an operator. */
export class HoldDto {
  /** Lane on which it is paid once released. */
  lane: string;
  /** Why, in words for the operator. */
  reason: string;
  /** Since when. */
  @ApiProperty({ format: 'date-time' }) held_at: string;
  /** Until when; null while it waits. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) ended_at: string | null;
  /** When an operator let it go. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) released_at: string | null;
  /** When it went on to its lane. */
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) published_at: string | null;
}

/** A decision of its sender or an operator that concerned this line. */
export class LineDecisionDto {
  /** hold, release or cancel. */
  action: string;
  /** Who decided. */
  actor: string;
  /** Why. */
  reason: string;
  @ApiProperty({ format: 'date-time' }) at: string;
}

/** One disbursement with its attempts and every state change. */
export class DisbursementDetailDto {
  /** Derived from sender, transaction and reference. */
  @ApiProperty({ format: 'uuid' }) disbursement_id: string;
  /** Its batch. */
  @ApiProperty({ format: 'uuid' }) batch_id: string;
  /** Who sent it. */
  sender_id: string;
  /** The batch's name at the sender. */
  transaction_id: string;
  /** Position in the batch, from 1. */
  line_no: number;
  /** The line's name at the sender. */
  reference_id: string;
  /** See docs/states.md. */
  state: string;
  /** Decimal text; where it was no amount, the beginning of what was sent. */
  amount: string;
  /** ISO 4217 code. */
  currency_code: string;
  /** Paying account. */
  payer_fa: string;
  /** Paid account, as it was sent. */
  payee_fa: string;
  /** Name of the payee. */
  @ApiProperty({ type: String, nullable: true }) payee_name: string | null;
  /** Current attempt. */
  attempt: number;
  /** Why it is in this state. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** The same in words. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  /** What the gateway found wrong. */
  @ApiProperty({ type: [String] }) violations: string[];
  /** Another disbursement to the same payee at about the same time, where the sender has duplicate_payee set. */
  @ApiProperty({ type: String, nullable: true }) duplicate_payee_of: string | null;
  /** Who holds it, so that no lane claims it: sender or operator. Of no effect once there is an attempt. */
  @ApiProperty({ type: String, nullable: true }) held_by: string | null;
  /** A mapper has yet to say where its payee is paid, so no lane claims it. */
  unresolved: boolean;
  /** Where a mapper said that a beneficiary id is paid; null for an address, and when it is no longer kept. */
  @ApiProperty({ type: String, nullable: true }) resolved_to: string | null;
  /** When it is to be dispatched. */
  @ApiProperty({ format: 'date-time' }) due_at: string;
  /** Time of the last change. */
  @ApiProperty({ format: 'date-time' }) updated_at: string;
  /** When its batch was stored. */
  @ApiProperty({ format: 'date-time' }) received_at: string;
  /** Every try, the first one first. */
  @ApiProperty({ type: [AttemptDto] }) attempts: AttemptDto[];
  /** Every change, the first one first. */
  @ApiProperty({ type: [HistoryDto] }) history: HistoryDto[];
  /** Who held, released or cancelled it with its batch or by name, the first one first. */
  @ApiProperty({ type: [LineDecisionDto] }) decisions: LineDecisionDto[];
  /** null where no rule ever held it. */
  @ApiProperty({ type: HoldDto, nullable: true }) hold: HoldDto | null;
}

import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';

/** An amount per currency. */
export class AmountDto {
  /** ISO 4217 code. */
  currency_code: string;
  /** Decimal text. */
  amount: string;
  /** The same in minor units, as text because it may exceed 2^53. */
  amount_minor: string;
}

/** Lines of a batch in one state. */
export class StateCountDto {
  /** Number of lines. */
  count: number;
  /** Sum of their amounts; lines whose amount cannot be read count with 0. */
  @ApiProperty({ type: [AmountDto] }) amounts: AmountDto[];
}

/** Callbacks of a batch. */
export class CallbackCountsDto {
  /** Taken by the receiver. */
  delivered: number;
  /** Still to be delivered. */
  pending: number;
  /** Given up after the last try. */
  failed: number;
  /** Final lines that wait for their callback. */
  lines_waiting: number;
}

/** A file that brought lines of a batch. */
export class BatchFileDto {
  /** Made when it arrived. */
  file_id: string;
  /** csv or json. */
  format: string;
  /** stored, loading: acknowledged, not loaded whole; loaded; refused: it could not be read to its end. */
  state: string;
  /** Rows in the file. */
  rows: number;
  /** Rows that were loaded, refused ones included. */
  rows_loaded: number;
  /** Why it was refused. */
  @ApiProperty({ type: String, nullable: true }) refusal: string | null;
  /** When it was acknowledged. */
  stored_at: string;
  /** When it was loaded whole or refused. */
  @ApiProperty({ type: String, nullable: true }) ended_at: string | null;
}

/** One batch with counts and amounts per state. */
@ApiExtraModels(StateCountDto)
export class BatchDto {
  /** Derived from sender and transaction. */
  batch_id: string;
  /** Who sent it. */
  sender_id: string;
  /** The batch's name at the sender. */
  transaction_id: string;
  /** As in the acknowledgement. */
  correlation_id: string;
  /** rest, or kafka where a line came directly. */
  channel: string;
  /** When it was stored. */
  received_at: string;
  /** When every line was final; null while any is open. */
  @ApiProperty({ type: String, nullable: true }) completed_at: string | null;
  /** When its lines were purged; it takes none any more. */
  @ApiProperty({ type: String, nullable: true }) purged_at: string | null;
  /** Stored lines, refused ones included. */
  total_count: number;
  /** Who holds the whole batch: sender or operator; null where nobody does. Single lines may be held or released by themselves. */
  @ApiProperty({ type: String, nullable: true }) held_by: string | null;
  /** Lines that needed more than one attempt. */
  retried: number;
  /** Lines whose payee a mapper has yet to resolve. See docs/mapper.md. */
  unresolved: number;
  /** received, on_hold, retrying, review (open); succeeded, failed, returned, malformed, cancelled (final). */
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(StateCountDto) } })
  states: Record<string, StateCountDto>;
  /** What the sender was told. */
  callbacks: CallbackCountsDto;
  /** Files it came in, oldest first; the batch completes only when each has ended. */
  @ApiProperty({ type: [BatchFileDto] }) files: BatchFileDto[];
  /** Rises with each callback. */
  version: number;
}

/** A page of batches, newest first. */
export class BatchPageDto {
  @ApiProperty({ type: [BatchDto] }) batches: BatchDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** One line of a batch. */
export class DisbursementLineDto {
  /** Position in the message, from 1. */
  line_no: number;
  /** null for a refused line, which has no row of its own. */
  @ApiProperty({ type: String, nullable: true }) disbursement_id: string | null;
  /** The line's name at the sender. */
  @ApiProperty({ type: String, nullable: true }) reference_id: string | null;
  /** See docs/states.md. */
  state: string;
  /** Decimal text. */
  @ApiProperty({ type: String, nullable: true }) amount: string | null;
  /** ISO 4217 code. */
  @ApiProperty({ type: String, nullable: true }) currency_code: string | null;
  /** Paying account. */
  @ApiProperty({ type: String, nullable: true }) payer_fa: string | null;
  /** Paid account. */
  @ApiProperty({ type: String, nullable: true }) payee_fa: string | null;
  /** Lane of the current attempt. */
  @ApiProperty({ type: String, nullable: true }) lane: string | null;
  /** Current attempt, from 1. */
  @ApiProperty({ type: Number, nullable: true }) attempt: number | null;
  /** The rail's own id of the payment. */
  @ApiProperty({ type: String, nullable: true }) rail_reference: string | null;
  /** Why it is in this state. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** The same in words. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  /** What the gateway found wrong. */
  @ApiProperty({ type: [String], nullable: true }) violations: string[] | null;
  /** Another disbursement to the same payee at about the same time, where the sender has duplicate_payee set. */
  @ApiProperty({ type: String, nullable: true }) duplicate_payee_of: string | null;
  /** Who holds it, so that no lane claims it: sender or operator. Of no effect once there is an attempt. */
  @ApiProperty({ type: String, nullable: true }) held_by: string | null;
  /** A mapper has yet to say where its payee is paid, so no lane claims it. */
  unresolved: boolean;
  /** Time of the last change. */
  updated_at: string;
}

/** A page of lines, by line number. */
export class DisbursementPageDto {
  @ApiProperty({ type: [DisbursementLineDto] }) disbursements: DisbursementLineDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: Number, nullable: true }) next: number | null;
}

/** Lines of a batch that have state, lane, currency and reason in common. */
export class BreakdownRowDto {
  /** See docs/states.md. */
  state: string;
  /** Lane of their current attempt; null where none was chosen. */
  @ApiProperty({ type: String, nullable: true }) lane: string | null;
  /** ISO 4217 code; null for refused lines. */
  @ApiProperty({ type: String, nullable: true }) currency_code: string | null;
  /** Why they are in this state. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** Number of lines. */
  count: number;
  /** Sum of their amounts as decimal text; null where the currency is none. */
  @ApiProperty({ type: String, nullable: true }) amount: string | null;
  /** The same in minor units. */
  @ApiProperty({ type: String, nullable: true }) amount_minor: string | null;
}

/** How a batch stands, or stood, counted from its rows and their history. */
export class BreakdownDto {
  /** The batch. */
  @ApiProperty({ format: 'uuid' }) batch_id: string;
  /** When it stood so; null for now. */
  @ApiProperty({ type: String, nullable: true }) as_of: string | null;
  /** By state, lane, currency and reason. */
  @ApiProperty({ type: [BreakdownRowDto] }) rows: BreakdownRowDto[];
}

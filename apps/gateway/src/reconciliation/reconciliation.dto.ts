import { ApiProperty } from '@nestjs/swagger';
import { BREAK_KINDS, BREAK_STATES } from '@gpo/reconciliation';

/** An account of which there are statements. */
export class AccountStatusDto {
  /** Lane that pays from it. */
  lane: string;
  /** As the statements name it. */
  account: string;
  /** ISO 4217 code. */
  currency_code: string;
  /** First day with a booking. */
  @ApiProperty({ type: String, format: 'date', nullable: true }) first_day: string | null;
  /** Last day with a booking. */
  @ApiProperty({ type: String, format: 'date', nullable: true }) last_day: string | null;
  /** Number of bookings. */
  bookings: number;
  /** Bookings that found no attempt. */
  unmatched: number;
  /** Sum of debits; decimal text. */
  debits: string;
  /** Sum of credits; decimal text. */
  credits: string;
}

/** Accounts of which there are statements. */
export class AccountListDto {
  @ApiProperty({ type: [AccountStatusDto] }) accounts: AccountStatusDto[];
}

/** What rail and record do not agree about. */
export class BreakDto {
  @ApiProperty({ format: 'uuid' }) break_id: string;
  /** Lane of the payment. */
  lane: string;
  /** What is wrong; docs/statements.md says what to do. */
  @ApiProperty({ enum: BREAK_KINDS }) kind: string;
  /** explained: by later statements; settled: by an operator. */
  @ApiProperty({ enum: BREAK_STATES }) state: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) batch_id: string | null;
  /** Who sent the disbursement. */
  @ApiProperty({ type: String, nullable: true }) sender_id: string | null;
  @ApiProperty({ type: String, nullable: true }) transaction_id: string | null;
  @ApiProperty({ type: String, nullable: true }) reference_id: string | null;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) disbursement_id: string | null;
  /** Account of the booking. */
  @ApiProperty({ type: String, nullable: true }) account: string | null;
  /** Day of the booking. */
  @ApiProperty({ type: String, format: 'date', nullable: true }) booked_on: string | null;
  /** The rail's own reference of the booking. */
  @ApiProperty({ type: String, nullable: true }) booking: string | null;
  /** ISO 4217 code. */
  currency_code: string;
  /** What the record has; decimal text. */
  @ApiProperty({ type: String, nullable: true }) expected: string | null;
  /** What the rail has; decimal text. */
  @ApiProperty({ type: String, nullable: true }) actual: string | null;
  /** When it was found. */
  @ApiProperty({ format: 'date-time' }) opened_at: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) closed_at: string | null;
  /** Who settled it. */
  @ApiProperty({ type: String, nullable: true }) settled_by: string | null;
  /** Why it was settled. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

/** A page of breaks, the oldest first. */
export class BreakPageDto {
  @ApiProperty({ type: [BreakDto] }) breaks: BreakDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** One day of one account. Sums are decimal text. */
export class PositionDto {
  /** Lane that pays from it. */
  lane: string;
  /** As it is compared: capital letters, no spaces. */
  account: string;
  /** ISO 4217 code. */
  currency_code: string;
  /** UTC. */
  @ApiProperty({ format: 'date' }) day: string;
  /** What the last statement before closed with, and what moved since; null where there was none. */
  @ApiProperty({ type: String, nullable: true }) opening: string | null;
  /** Payments of ours, as the record has them, on the day on which the bank booked them. */
  paid: string;
  /** Payments that came back. */
  returned: string;
  /** Debits of the account that are of no payment of ours. */
  other_debits: string;
  /** Credits of the account that are of no payment of ours. */
  other_credits: string;
  /** opening - paid + returned - other_debits + other_credits. */
  @ApiProperty({ type: String, nullable: true }) closing: string | null;
  /** Sent, and not ended, at the end of the day. */
  in_flight: string;
  /** What the bank's statement of that day closed with. */
  @ApiProperty({ type: String, nullable: true }) bank: string | null;
  /** bank - closing: breaks, and payments that the bank has not booked yet. */
  @ApiProperty({ type: String, nullable: true }) difference: string | null;
  /** What the statement's own bookings leave open between its balances. */
  @ApiProperty({ type: String, nullable: true }) gap: string | null;
}

/** Positions by lane, account, currency and day. */
export class PositionListDto {
  @ApiProperty({ type: [PositionDto] }) positions: PositionDto[];
}

/** A statement that was imported. */
export class StatementDto {
  @ApiProperty({ format: 'uuid' }) statement_id: string;
  /** Lane that pays from the account. */
  lane: string;
  /** The account that it is of. */
  account: string;
  /** The rail's own name of it. */
  name: string;
  /** How it was written. */
  @ApiProperty({ enum: ['camt', 'mt940', 'csv'] }) form: string;
  /** Whether it tells every booking of its days, with balances. */
  whole: boolean;
  /** Name of its file. */
  file_name: string;
  /** SHA-256 of its file, hex. */
  file_sha256: string;
  @ApiProperty({ type: String, nullable: true }) currency_code: string | null;
  /** Decimal text. */
  @ApiProperty({ type: String, nullable: true }) opening: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) opening_on: string | null;
  /** Decimal text. */
  @ApiProperty({ type: String, nullable: true }) closing: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) closing_on: string | null;
  /** Number of bookings in it. */
  bookings: number;
  @ApiProperty({ format: 'date-time' }) imported_at: string;
  /** Who imported it. */
  imported_by: string;
}

/** A page of statements, the newest first. */
export class StatementPageDto {
  @ApiProperty({ type: [StatementDto] }) statements: StatementDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** A file to import. */
export class StatementImportDto {
  /** The lane that pays from its account. */
  @ApiProperty({ maxLength: 256 }) lane: string;
  /** Its name, for whoever looks for it later. */
  @ApiProperty({ maxLength: 256 }) file_name: string;
  /** Its bytes: camt.053, camt.054, MT940, or with a mapping CSV. */
  @ApiProperty({ format: 'byte' }) content: string;
  /** The account that it is of, where it names it otherwise than the lane's settings. */
  @ApiProperty({ required: false, maxLength: 256 }) account?: string;
  /** How the columns of a CSV list are to be read; docs/statements.md. */
  @ApiProperty({ required: false, type: Object }) mapping?: object;
}

/** What an import changed. */
export class ImportedDto {
  /** Statements that were not known. */
  statements: number;
  /** Bookings that were not known. */
  bookings: number;
  /** Bookings that an earlier file told. */
  known: number;
  /** Bookings of the lane that found their attempt now. */
  matched: number;
  /** Breaks of the lane that were found now. */
  opened: number;
  /** Breaks of the lane that have an explanation now. */
  explained: number;
}

/** An operator's decision about a break. */
export class BreakDecisionDto {
  /** Why nobody has to look at it any more. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
}

/** A break that was settled now. */
export class BreakSettledDto {
  @ApiProperty({ format: 'uuid' }) break_id: string;
  /** Who settled it. */
  settled_by: string;
}

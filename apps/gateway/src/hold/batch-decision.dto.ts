import { ApiProperty } from '@nestjs/swagger';

/** A decision about a batch or some of its lines. */
export class BatchDecisionDto {
  /** Why; kept for ever. For a cancel the receiver of the callbacks reads it, too. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
  /** Who decides, where the credential is a system's and not a person's; stands beside it in the history. */
  @ApiProperty({ required: false, minLength: 1, maxLength: 100 }) by?: string;
  /** The lines; absent = the whole batch, for a hold also lines that arrive later. */
  @ApiProperty({ required: false, type: [String], minItems: 1, maxItems: 10_000 }) reference_ids?: string[];
}

/** A cancel of a large batch is done in several requests. */
export class BatchCancelDto extends BatchDecisionDto {
  /** `next` of the answer before. */
  @ApiProperty({ required: false, type: 'integer', minimum: 0, maximum: 2_147_483_647 }) after?: number;
}

/** A line that the decision came too late for. */
export class TooLateLineDto {
  /** The line's name at the sender. */
  reference_id: string;
  /** See docs/states.md. */
  state: string;
  /** State of its first attempt; null where there is none. */
  @ApiProperty({ type: String, nullable: true }) attempt_state: string | null;
}

/** What became of the lines; each is counted once. */
export class BatchDecidedDto {
  @ApiProperty({ format: 'uuid' }) batch_id: string;
  /** As it stands in the history. */
  decided_by: string;
  /** Lines that a lane had claimed, or that were final. */
  too_late: number;
  /** The first 1,000 of them. */
  @ApiProperty({ type: [TooLateLineDto] }) too_late_lines: TooLateLineDto[];
  /** reference_ids that the batch does not have, or whose line was refused at intake. */
  @ApiProperty({ type: [String] }) unknown: string[];
}

/** Answer of a hold. */
export class HeldDto extends BatchDecidedDto {
  /** Lines that are held now and were not before: no lane claims them until they are released. */
  held: number;
  /** Lines that were held before. */
  already: number;
}

/** Answer of a release. */
export class ReleasedDto extends BatchDecidedDto {
  /** Lines that go on now, or at their schedule. */
  released: number;
  /** Lines that nobody held. */
  already: number;
  /** Lines that an operator holds, so that the sender cannot release them. */
  kept: number;
}

/** Answer of a cancel. */
export class CancelledDto extends BatchDecidedDto {
  /** Lines that are cancelled now: no lane will ever pay them. */
  cancelled: number;
  /** Lines that were cancelled before. */
  already: number;
  /** Send it again as `after`, with the same reason, to go on; null = every line was looked at. */
  @ApiProperty({ type: Number, nullable: true }) next: number | null;
}

/** One decision, as it is kept. */
export class PastDecisionDto {
  /** hold, release or cancel. A cancel of single lines stands in their own history. */
  action: string;
  /** Who decided. */
  actor: string;
  /** Why. */
  reason: string;
  /** How many lines it named; null = the whole batch. */
  @ApiProperty({ type: Number, nullable: true }) lines: number | null;
  @ApiProperty({ format: 'date-time' }) at: string;
}

/** The decisions about a batch, the first one first. */
export class BatchDecisionsDto {
  @ApiProperty({ type: [PastDecisionDto] }) decisions: PastDecisionDto[];
}

import { ApiProperty } from '@nestjs/swagger';

/** What the process that hosts a lane read from its lanes file. */
export class LaneLimitsDto {
  /** Name of the connector. */
  connector: string;
  /** Calls at once, in each process. */
  concurrency: number;
  /** Sends a second, over all processes together. */
  per_second: number;
  /** Attempts on their way at once, over all processes together; null = not limited. */
  @ApiProperty({ type: Number, nullable: true }) in_flight: number | null;
  /** Most attempts of one take; null = not limited. */
  @ApiProperty({ type: Number, nullable: true }) batch_size: number | null;
  /** So many calls in a row without a trustworthy answer stop the lane. */
  breaker_after: number;
  /** So long after the last byte the rail may still bring a payment, in milliseconds. */
  absent_is_final_after_ms: number;
  /** Calling hours: timeZone, days, hours, closed; null = always. */
  @ApiProperty({ type: 'object', additionalProperties: true, nullable: true }) window: object | null;
}

/** One configured connector: what it does now, and why. */
export class LaneDto {
  /** Its name. */
  lane: string;
  /** open, held (by an operator) or stopped (trouble of the rail). */
  state: string;
  /** True where it pays what waits. */
  paying: boolean;
  /** Why it pays or does not, in plain words; what matters first stands first. */
  @ApiProperty({ type: [String] }) because: string[];
  /** When it opens by its calling hours; null where it is open or waits for something else. */
  @ApiProperty({ type: String, nullable: true }) opens_at: string | null;
  /** Why it is held or stopped. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** Since when it is in this state. */
  changed_at: string;
  /** Who or what changed it last. */
  @ApiProperty({ type: String, nullable: true }) changed_by: string | null;
  /** When a stopped lane is probed next. */
  @ApiProperty({ type: String, nullable: true }) probe_at: string | null;
  /** Calls in a row that the rail did not answer. */
  silences: number;
  /** When a process last said that it hosts the lane. */
  seen_at: string;
  /** Attempts that wait to be sent. */
  queued: number;
  /** Since when the oldest of them waits. */
  @ApiProperty({ type: String, nullable: true }) oldest_queued_at: string | null;
  /** Attempts on their way. */
  sending: number;
  /** Attempts whose outcome is not known yet. */
  unresolved: number;
  /** Attempts that wait for an operator. */
  review: number;
  /** Limits and calling hours; null where no process has hosted it yet. */
  @ApiProperty({ type: LaneLimitsDto, nullable: true }) hosted: LaneLimitsDto | null;
}

/** Every lane. */
export class LaneListDto {
  @ApiProperty({ type: [LaneDto] }) lanes: LaneDto[];
}

/** One thing that happened to a lane. */
export class LaneEventDto {
  /** State after. */
  to_state: string;
  /** The operator, or the part of the product. */
  actor: string;
  /** Why. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
  /** When. */
  @ApiProperty({ format: 'date-time' }) at: string;
}

/** One lane with what happened to it last. */
export class LaneDetailDto extends LaneDto {
  /** The newest first, 50 at most. */
  @ApiProperty({ type: [LaneEventDto] }) events: LaneEventDto[];
}

/** An operator's decision about a lane. */
export class LaneDecisionDto {
  /** Why; stands in the record beside the operator's name. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
}

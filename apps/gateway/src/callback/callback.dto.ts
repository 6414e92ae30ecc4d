import { ApiProperty } from '@nestjs/swagger';

/** A callback and how far it has come. Never what it says, and of its address only the host. */
export class CallbackDto {
  /** The message_id it carries over all tries. */
  callback_id: string;
  /** on-disburse, on-search or on-status. */
  verb: string;
  /** Who is told. */
  sender_id: string;
  /** The batch it tells of; null for an answer. */
  @ApiProperty({ type: String, nullable: true }) batch_id: string | null;
  /** The question it answers, as the correlation_id of its Ack; null for on-disburse. */
  @ApiProperty({ type: String, nullable: true }) question_id: string | null;
  /** Rises with each callback of a batch. */
  version: number;
  /** Host of the address. */
  host: string;
  /** waiting (for an earlier one of its batch), pending, delivered, or failed: given up after the last try. */
  @ApiProperty({ enum: ['waiting', 'pending', 'delivered', 'failed'] }) state: string;
  /** Lines it tells; 0 for an answer that is not made yet. */
  items: number;
  /** How often it was sent, the try on its way included. */
  tries: number;
  /** When it was made, or its question asked. */
  created_at: string;
  /** When the next try is due; while one is on its way, when that one is given up. */
  @ApiProperty({ type: String, nullable: true }) next_at: string | null;
  /** When the receiver took it. */
  @ApiProperty({ type: String, nullable: true }) delivered_at: string | null;
  /** When it was given up. */
  @ApiProperty({ type: String, nullable: true }) failed_at: string | null;
  /** Why the latest try was not taken. */
  @ApiProperty({ type: String, nullable: true }) last_error: string | null;
}

/** A page of callbacks, newest first. */
export class CallbackPageDto {
  @ApiProperty({ type: [CallbackDto] }) callbacks: CallbackDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

/** One try, as it ended. A try whose process died has no entry. */
export class CallbackTryDto {
  /** From 1. */
  try_no: number;
  /** When it began. */
  at: string;
  /** What the receiver answered; null where no answer came. */
  @ApiProperty({ type: Number, nullable: true }) http_status: number | null;
  /** Why it was not taken; null where it was. */
  @ApiProperty({ type: String, nullable: true }) reason: string | null;
}

/** An operator had it sent again. */
export class CallbackResendDto {
  /** The operator. */
  resent_by: string;
  /** Why. */
  reason: string;
  /** When. */
  at: string;
}

/** One callback with its tries, what is still to come, and who had it sent again. */
export class CallbackDetailDto extends CallbackDto {
  /** Tries that have ended, in their order. */
  @ApiProperty({ type: [CallbackTryDto] }) tries_ended: CallbackTryDto[];
  /** Waits in seconds between the tries after the next one; empty where the next is the last. */
  @ApiProperty({ type: [Number] }) further_waits_seconds: number[];
  @ApiProperty({ type: [CallbackResendDto] }) resends: CallbackResendDto[];
}

/** Why a callback is sent again. */
export class ResendDto {
  /** Stands in the history beside the operator's name. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
}

/** Why all failed callbacks of a sender are sent again. */
export class ResendFailedDto extends ResendDto {
  /** Whose. */
  sender_id: string;
}

/** What the operator's word did. */
export class ResentDto {
  /** Callbacks that are due now. */
  resent: number;
  /** The operator whose token decided. */
  resent_by: string;
}

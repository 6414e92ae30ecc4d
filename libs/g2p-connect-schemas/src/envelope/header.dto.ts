import { ApiProperty } from '@nestjs/swagger';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  MaxLength,
  Min,
  MinLength,
} from 'class-validator';

/** Status words (disburse_core_api_v1.0.0, schema MsgStatus). */
export const MESSAGE_STATUSES = ['rcvd', 'pdng', 'succ', 'rjct'] as const;

/** Header of a request (G2P Connect MsgHeader). */
export class RequestHeaderDto {
  /** Version of the message format, 1.x.y. Default 1.0.0. */
  @IsOptional() @IsString() @Matches(/^1\.\d{1,9}\.\d{1,9}$/) version?: string;
  /** Made by the sender. For strict senders a key: the same one with other content is refused (D13). */
  @IsString() @MinLength(1) @MaxLength(255) message_id: string;
  /** ISO 8601 time at which the message was made. */
  @IsISO8601() message_ts: string;
  /** Verb of the message; the path decides what is done (D4). */
  @IsString() @MaxLength(99) action: string;
  /** One of the sender's registered names. Identity comes from the credential, never from here. */
  @IsString() @MinLength(1) @MaxLength(255) sender_id: string;
  /** Where callbacks go, on a registered host; absent = the sender's registered URL. */
  @IsOptional() @IsString() @MaxLength(2000) sender_uri?: string;
  /** Name of the receiver. */
  @IsOptional() @IsString() @MaxLength(255) receiver_id?: string;
  /** Number of disbursements in the message. */
  @IsInt() @Min(0) total_count: number;
  /** True where message is an EncryptedMessage. Not supported yet. */
  @IsOptional() @IsBoolean() is_msg_encrypted?: boolean;
  /** Anything the two sides agreed on. */
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
}

/** Header of an answer or callback (G2P Connect MsgCallbackHeader). */
export class CallbackHeaderDto {
  /** Version of the message format. */
  @IsOptional() @IsString() version?: string;
  /** Stays the same over all tries of one callback. */
  @IsString() message_id: string;
  /** ISO 8601 time, UTC. */
  @ApiProperty({ format: 'date-time' }) @IsISO8601() message_ts: string;
  /** on-disburse or on-search (D4). */
  @IsIn(['on-disburse', 'on-search']) action: string;
  /** pdng until the last callback of a batch; then succ if any line succeeded, else rjct. */
  @IsIn(MESSAGE_STATUSES) status: string;
  /** Why the whole message was rejected. */
  @IsOptional() @IsString() status_reason_code?: string;
  /** The same in words. */
  @IsOptional() @IsString() @MaxLength(999) status_reason_message?: string;
  /** Lines of the batch. */
  @IsOptional() @IsInt() total_count?: number;
  /** Lines of the batch that are final. */
  @IsOptional() @IsInt() completed_count?: number;
  /** Who answers. */
  @IsOptional() @IsString() sender_id?: string;
  /** Whom it is for. */
  @IsOptional() @IsString() receiver_id?: string;
  /** Always false. */
  @IsOptional() @IsBoolean() is_msg_encrypted?: boolean;
  /** Callbacks: batch_id, and version, which rises with each callback of a batch. */
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
}

import { Type } from 'class-transformer';
import { ApiProperty } from '@nestjs/swagger';
import {
  ArrayMinSize,
  IsArray,
  IsDefined,
  IsIn,
  IsISO8601,
  IsObject,
  IsOptional,
  IsString,
  MaxLength,
  MinLength,
  ValidateNested,
} from 'class-validator';
import { CallbackHeaderDto, MESSAGE_STATUSES, RequestHeaderDto } from '../envelope/header.dto.js';
import { DisbursementDto } from './disbursement.dto.js';

/** Message of /disburse (G2P Connect DisburseRequest). */
export class DisburseRequestMessageDto {
  /** Names the batch; the same again with the same lines is the same batch. */
  @IsString() @MinLength(1) @MaxLength(99) transaction_id: string;
  /** The payee lines. */
  @IsArray()
  @ArrayMinSize(1)
  @ValidateNested({ each: true })
  @Type(() => DisbursementDto)
  disbursements: DisbursementDto[];
}

/** Body of POST /disburse and /disburse/sync/disburse. */
export class DisburseRequestDto {
  /** Signature over header and message; not checked yet. */
  @IsOptional() @IsString() signature?: string;
  /** The envelope. */
  @IsDefined() @IsObject() @ValidateNested() @Type(() => RequestHeaderDto) header: RequestHeaderDto;
  /** The disbursements. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => DisburseRequestMessageDto)
  message: DisburseRequestMessageDto;
}

/** Fate of one line (G2P Connect SingleDisburseResponse). */
export class DisbursementStatusDto {
  /** The sender's reference. */
  @IsString() reference_id: string;
  /** Time of the last change, UTC. */
  @ApiProperty({ format: 'date-time' }) @IsISO8601() timestamp: string;
  /** rcvd, pdng: open. succ: paid, final. rjct: not paid, or paid back. */
  @IsIn(MESSAGE_STATUSES) status: string;
  /** A code of the standard, or rjct.payment.failed where a rail refused, rjct.payment.cancelled where it was cancelled. */
  @IsOptional() @IsString() status_reason_code?: string;
  /** The same in words. */
  @IsOptional() @IsString() @MaxLength(999) status_reason_message?: string;
  /** Decimal text. */
  @IsOptional() @IsString() amount?: string;
  /** Paying account. */
  @IsOptional() @IsString() payer_fa?: string;
  /** Name of the payer. */
  @IsOptional() @IsString() payer_name?: string;
  /** Paid account. */
  @IsOptional() @IsString() payee_fa?: string;
  /** Name of the payee. */
  @IsOptional() @IsString() payee_name?: string;
  /** ISO 4217 code. */
  @IsOptional() @IsString() currency_code?: string;
  /** As it was sent. */
  @IsOptional() @IsString() locale?: string;
}

/** Message of on-disburse and of the synchronous answer (G2P Connect DisburseResponse). */
export class DisburseResponseMessageDto {
  /** The batch. */
  @IsString() transaction_id: string;
  /** As in the acknowledgement (D24). */
  @IsOptional() @IsString() correlation_id?: string;
  /** The lines this message is about. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => DisbursementStatusDto)
  disbursements_status: DisbursementStatusDto[];
}

/** Body of the on-disburse callback and of the answer of /disburse/sync/disburse. */
export class DisburseSyncResponseDto {
  /** Empty: callbacks are not signed yet. */
  @IsOptional() @IsString() signature?: string;
  /** The envelope. */
  @ValidateNested() @Type(() => CallbackHeaderDto) header: CallbackHeaderDto;
  /** The lines. */
  @ValidateNested() @Type(() => DisburseResponseMessageDto) message: DisburseResponseMessageDto;
}

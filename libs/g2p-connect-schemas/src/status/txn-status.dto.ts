import { Type } from 'class-transformer';
import { ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { IsDefined, IsIn, IsObject, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';
import { DisburseResponseMessageDto, DisbursementStatusDto } from '../disburse/disburse.dto.js';
import { CallbackHeaderDto, RequestHeaderDto } from '../envelope/header.dto.js';

/** The question (G2P Connect TxnStatusRequest); attribute_type tells the form of attribute_value (D5). */
export class TxnStatusQuestionDto {
  /** The caller's reference of this question. */
  @IsOptional() @IsString() @MaxLength(255) reference_id?: string;
  /** disburse. */
  @IsOptional() @IsIn(['disburse', 'search']) txn_type?: string;
  /** What attribute_value names. */
  @IsIn(['transaction_id', 'reference_id_list', 'correlation_id']) attribute_type: string;
  /** A text, or a list of references. */
  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] })
  @IsDefined()
  attribute_value: string | string[];
  /** As it was sent. */
  @IsOptional() @IsString() @MaxLength(35) locale?: string;
}

export class TxnStatusRequestMessageDto {
  /** Of this question; not of the batch that is asked about. */
  @IsOptional() @IsString() @MaxLength(99) transaction_id?: string;
  /** The question. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => TxnStatusQuestionDto)
  txnstatus_request: TxnStatusQuestionDto;
}

/** Body of POST /disburse/txn/status and /disburse/sync/txn/status. */
export class TxnStatusRequestDto {
  /** Not checked yet. */
  @IsOptional() @IsString() signature?: string;
  /** The envelope. */
  @IsDefined() @IsObject() @ValidateNested() @Type(() => RequestHeaderDto) header: RequestHeaderDto;
  /** The question. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => TxnStatusRequestMessageDto)
  message: TxnStatusRequestMessageDto;
}

export class TxnStatusAnswerDto {
  /** on-disburse. */
  @IsString() txn_type: string;
  /** A list for reference_id_list, which may span transactions (D8); else one DisburseResponse. */
  @ApiProperty({
    oneOf: [
      { type: 'array', items: { $ref: getSchemaPath(DisbursementStatusDto) } },
      { $ref: getSchemaPath(DisburseResponseMessageDto) },
    ],
  })
  @IsDefined()
  txn_status: DisbursementStatusDto[] | DisburseResponseMessageDto;
}

export class TxnStatusResponseMessageDto {
  /** Of the question. */
  @IsString() transaction_id: string;
  /** Of this answer. */
  @IsString() correlation_id: string;
  /** The answer. */
  @ValidateNested() @Type(() => TxnStatusAnswerDto) txnstatus_response: TxnStatusAnswerDto;
}

/** Answer of /disburse/sync/txn/status. */
export class TxnStatusResponseDto {
  /** The envelope. */
  @ValidateNested() @Type(() => CallbackHeaderDto) header: CallbackHeaderDto;
  /** The fates. */
  @ValidateNested() @Type(() => TxnStatusResponseMessageDto) message: TxnStatusResponseMessageDto;
}

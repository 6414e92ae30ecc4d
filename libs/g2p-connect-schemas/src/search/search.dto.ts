import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
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
import { DisbursementStatusDto } from '../disburse/disburse.dto.js';
import { CallbackHeaderDto, RequestHeaderDto } from '../envelope/header.dto.js';

/** Most criteria in one question. */
export const SEARCH_CRITERIA_MAX = 100;

/** One thing to look for (G2P Connect SearchRequest.search_criteria, disburse_core_api_v1.0.0). */
export class SearchCriterionDto {
  /** The caller's reference of this criterion. */
  @IsString() @MinLength(1) @MaxLength(255) reference_id: string;
  /** ISO 8601 time of the question. */
  @IsOptional() @IsISO8601() timestamp?: string;
  /** disburse. */
  @IsIn(['disburse']) request_type: string;
  /** Whose address is given. */
  @IsIn(['payer_fa', 'payee_fa']) attribute_type: string;
  /** The address, compared without regard to case (D2). */
  @IsString() @MinLength(1) @MaxLength(256) attribute_value: string;
  /** As it was sent. */
  @IsOptional() @IsString() @MaxLength(35) locale?: string;
}

/** Message of /disburse/search (G2P Connect SearchRequest). */
export class SearchRequestMessageDto {
  /** Of this question; not of a batch. */
  @IsString() @MinLength(1) @MaxLength(99) transaction_id: string;
  /** What to look for. */
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(SEARCH_CRITERIA_MAX)
  @ValidateNested({ each: true })
  @Type(() => SearchCriterionDto)
  search_criteria: SearchCriterionDto[];
}

/** Body of POST /disburse/search and /disburse/sync/search. */
export class SearchRequestDto {
  /** Not checked yet. */
  @IsOptional() @IsString() signature?: string;
  /** The envelope. */
  @IsDefined() @IsObject() @ValidateNested() @Type(() => RequestHeaderDto) header: RequestHeaderDto;
  /** The question. */
  @IsDefined()
  @IsObject()
  @ValidateNested()
  @Type(() => SearchRequestMessageDto)
  message: SearchRequestMessageDto;
}

/** Message of the answer (G2P Connect SearchResponse; amounts and addresses are extras, D25). */
export class SearchResponseMessageDto {
  /** Of the question. */
  @IsString() transaction_id: string;
  /** Of this answer (D24). */
  @IsOptional() @IsString() correlation_id?: string;
  /** The disbursements found, newest batch first. */
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => DisbursementStatusDto)
  disbursements_status: DisbursementStatusDto[];
}

/** Answer of /disburse/sync/search. */
export class SearchResponseDto {
  /** The envelope. */
  @ValidateNested() @Type(() => CallbackHeaderDto) header: CallbackHeaderDto;
  /** What was found. */
  @ValidateNested() @Type(() => SearchResponseMessageDto) message: SearchResponseMessageDto;
}

import { Type } from 'class-transformer';
import { ApiProperty } from '@nestjs/swagger';
import { IsArray, IsIn, IsISO8601, IsOptional, IsString, MaxLength, ValidateNested } from 'class-validator';

/** A code of docs/errors.md and a public sentence. */
export class ApiErrorDto {
  /** Machine-readable code. */
  @IsString() code: string;
  /** What is wrong, in plain words; never holds what was sent. */
  @IsString() @MaxLength(999) message: string;
}

/** Acknowledgement (G2P Connect Ack). */
export class AckDto {
  /** ACK: stored, a callback follows. NACK: valid, nothing follows. ERR: refused, nothing stored. */
  @IsIn(['ACK', 'NACK', 'ERR']) ack_status: string;
  /** ISO 8601 time, UTC. */
  @ApiProperty({ format: 'date-time' }) @IsISO8601() timestamp: string;
  /** Names the batch in status questions; the same again when the same message comes again. */
  @IsString() correlation_id: string;
  /** Only with NACK and ERR. */
  @IsOptional() @ValidateNested() @Type(() => ApiErrorDto) error?: ApiErrorDto;
}

/** Answer of the asynchronous endpoints. */
export class AckResponseDto {
  /** The acknowledgement. */
  @ValidateNested() @Type(() => AckDto) message: AckDto;
}

/** Body of every 4xx and 5xx: both error shapes of the standard in one (interface A, D11). */
export class HttpErrorResponseDto {
  /** The acknowledgement, with ack_status ERR. */
  @ValidateNested() @Type(() => AckDto) message: AckDto;
  /** The same error as HttpErrorResponse has it. */
  @IsArray() @ValidateNested({ each: true }) @Type(() => ApiErrorDto) errors: ApiErrorDto[];
}

import { ApiProperty } from '@nestjs/swagger';

/** A close-out, or a reopening. */
export class CloseOutDto {
  @ApiProperty({ format: 'uuid' }) batch_id: string;
  /** 1 is the first. */
  nth: number;
  @ApiProperty({ enum: ['closed', 'reopened'] }) event: string;
  @ApiProperty({ format: 'date-time' }) at: string;
  /** The operator; `record` or `reconciliation` where a change opened it. */
  actor: string;
  /** Why. */
  reason: string;
  /** What was signed: JSON with sorted keys (docs/close-out.md). */
  @ApiProperty({ type: String, nullable: true }) document: string | null;
  /** Detached JWS over the bytes of the document. */
  @ApiProperty({ type: String, nullable: true }) signature: string | null;
}

/** Close-outs and reopenings of a batch, the first first. */
export class CloseOutListDto {
  @ApiProperty({ type: [CloseOutDto] }) close_outs: CloseOutDto[];
}

/** An operator closes a batch. */
export class ClosingDto {
  /** Stands in the close-out. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
  /** Why payments that no statement told may be left at that; such as a rail without statements. */
  @ApiProperty({ required: false, minLength: 3, maxLength: 500 }) accept_unmatched?: string;
}

/** An operator opens a closed batch. */
export class ReopeningDto {
  /** Stands in the record. */
  @ApiProperty({ minLength: 3, maxLength: 500 }) reason: string;
}

/** Public keys of this installation (JWKS, RFC 7517). */
export class KeysDto {
  @ApiProperty({ type: [Object] }) keys: object[];
}

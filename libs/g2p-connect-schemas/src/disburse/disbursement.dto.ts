import { IsObject, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';

/** One payee line (G2P Connect Disbursement, disburse_core_api_v1.0.0). */
export class DisbursementDto {
  /** The sender's own reference of this line; unique in its transaction. */
  @IsString() @MinLength(1) @MaxLength(255) reference_id: string;
  /** Account that pays, one of the sender's registered ones; empty or absent = its default. */
  @IsOptional() @IsString() @MaxLength(256) payer_fa?: string;
  /** Account or number that is paid: `[scheme:]id[@provider]`. */
  @IsString() @MinLength(1) @MaxLength(256) payee_fa: string;
  /** Decimal text, more than 0, at most 13 digits before the point, no more decimals than the currency has. */
  @IsString() @Matches(/^[+-]?\d{1,64}(?:\.\d{0,64})?(?:[eE][+-]?\d{1,3})?$/) amount: string;
  /** When to pay, ISO 8601; absent or past = now. */
  @IsOptional() @IsString() scheduled_timestamp?: string;
  /** Name of the payer. */
  @IsOptional() @IsString() payer_name?: string;
  /** Name of the payee. */
  @IsOptional() @IsString() payee_name?: string;
  /** For the payee; kept whole, shortened only where a rail takes less. */
  @IsOptional() @IsString() note?: string;
  /** What the money is for. */
  @IsOptional() @IsString() purpose?: string;
  /** For the payer's bank. */
  @IsOptional() @IsString() instruction?: string;
  /** Anything else about the line. */
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
  /** ISO 4217 code. */
  @IsString() @Matches(/^[A-Z]{3}$/) currency_code: string;
  /** Language of texts; stored as it is. */
  @IsOptional() @IsString() locale?: string;
}

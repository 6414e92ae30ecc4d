import { IsObject, IsOptional, IsString, Matches, MaxLength, MinLength } from 'class-validator';
import { ADDRESS_MAX } from '../financial-address.js';
import { LOCALE, LOCALE_MAX } from '../locale.js';

/** Longest texts of a line, in characters as class-validator counts them (an emoji is one). */
export const LINE_LIMITS = {
  reference_id: 255,
  name: 255,
  note: 99,
  purpose: 99,
  instruction: 999,
  locale: LOCALE_MAX,
  scheduled_timestamp: 64,
} as const;

/** One payee line (G2P Connect Disbursement, disburse_core_api_v1.0.0). */
export class DisbursementDto {
  /** The sender's own reference of this line; unique in its transaction. */
  @IsString() @MinLength(1) @MaxLength(LINE_LIMITS.reference_id) reference_id: string;
  /** Account that pays, one of the sender's registered ones; empty or absent = its default (D23). */
  @IsOptional() @IsString() @MaxLength(ADDRESS_MAX) payer_fa?: string;
  /** Account or number that is paid: `[scheme:]id[@provider]` (D2). */
  @IsString() @MinLength(1) @MaxLength(ADDRESS_MAX) payee_fa: string;
  /** Decimal text, more than 0, at most 13 digits before the point, no more decimals than the currency has (D3). */
  @IsString() @Matches(/^[+-]?\d{1,64}(?:\.\d{0,64})?(?:[eE][+-]?\d{1,3})?$/) amount: string;
  /** When to pay, ISO 8601; absent, past or "now" = now (D19). */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.scheduled_timestamp) scheduled_timestamp?: string;
  /** Name of the payer. */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.name) payer_name?: string;
  /** Name of the payee. */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.name) payee_name?: string;
  /** For the payee. Senders of profile openg2p may write more: it is kept, and shortened where a rail takes less. */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.note) note?: string;
  /** What the money is for. */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.purpose) purpose?: string;
  /** For the payer's bank. */
  @IsOptional() @IsString() @MaxLength(LINE_LIMITS.instruction) instruction?: string;
  /** Anything else about the line. */
  @IsOptional() @IsObject() meta?: Record<string, unknown>;
  /** ISO 4217 code. */
  @IsString() @Matches(/^[A-Z]{3}$/) currency_code: string;
  /** Language of texts, two or three letters with or without a region (`en`, `eng`, `en_US`); stored as it is (D6). */
  @IsOptional()
  @IsString()
  @MaxLength(LINE_LIMITS.locale)
  @Matches(LOCALE)
  locale?: string;
}

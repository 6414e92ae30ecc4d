import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';

/** Minor units as decimal text of their currency. */
export function amountText<T extends string | bigint | null>(
  minor: T,
  currency: string,
): T extends null ? null : string;
export function amountText(minor: string | bigint | null, currency: string): string | null {
  return minor === null ? null : formatAmount(BigInt(minor), currencyExponent(currency) ?? 0);
}

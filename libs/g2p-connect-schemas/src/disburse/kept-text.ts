import { parseAmount } from '../amount.js';
import { ADDRESS_MAX } from '../financial-address.js';
import { contentDigest } from './ids.js';

/** What is kept of a free text, in UTF-16 units: three of them stay far below the 1 MB that Kafka takes. */
export const KEPT_TEXT_MAX = 4000;
export const CURRENCY_KEPT_MAX = 16;
const UNREADABLE_KEPT_MAX = 40;

/** At most `kept` UTF-16 units, never ending inside a character. */
export function beginning(value: string, kept: number): string {
  if (value.length <= kept) return value;
  const cut = value.slice(0, kept);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/**
 * What is kept of a text that is no amount. Cut text ends with an ellipsis, so that neither the beginning of many
 * digits nor 1e20000, which takes a reader minutes to write out, is ever read as a number.
 */
export function unreadableAmount(sent: string): string {
  const short = beginning(sent, UNREADABLE_KEPT_MAX);
  if (short !== sent) return `${short}…`;
  return sent.replace(/([eE][+-]?)\d{3,}$/, '$1…');
}

/**
 * Rule B for a record that speaks of a stored line: its digest in the form in which the line was stored, bad lines
 * too. An absent payer is the row's.
 */
export function recordDigest(record: Readonly<Record<string, unknown>>, payerOfRow: string): Buffer {
  const [amount, currency, payer, payee] = [
    text(record.amount),
    text(record.currency_code),
    text(record.payer_fa),
    text(record.payee_fa),
  ];
  const money = parseAmount(amount, currency);
  return contentDigest({
    payerFa: payer === '' ? payerOfRow : beginning(payer, ADDRESS_MAX),
    payeeFa: beginning(payee, ADDRESS_MAX),
    amount: money.ok ? money.canonical : unreadableAmount(amount),
    currencyCode: beginning(currency, CURRENCY_KEPT_MAX),
  });
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

import { createHash } from 'node:crypto';
import type { Instruction, Violation } from '../connector.js';
import type { PaystackConfig } from './paystack.config.js';

/** Pure translation of an instruction into Paystack's words. Field table: MAPPING.md. */

const REFERENCE = /^[a-z0-9_-]{16,50}$/;
const EXPONENT = 2;
const ACCOUNT = /^[0-9A-Za-z]{4,34}$/;
const REASON_MAX = 100;
const NAME_MAX = 100;

/** Recipient type of a bank account per currency. Kenyan bank accounts are not in the published description. */
const ACCOUNT_TYPES: ReadonlyMap<string, string> = new Map([
  ['NGN', 'nuban'],
  ['GHS', 'ghipss'],
  ['ZAR', 'basa'],
]);
/** Dialling codes of the countries with mobile money; wallets are numbers in national form. */
const DIALLING: ReadonlyMap<string, string> = new Map([
  ['GHS', '233'],
  ['KES', '254'],
]);
const WALLET_SCHEMES: ReadonlySet<string> = new Set(['phone', 'msisdn', 'mobile']);
const ACCOUNT_SCHEMES: ReadonlySet<string> = new Set(['account_no', 'account']);

/** Where the money goes, without the name: what makes two recipients the same. */
export interface RecipientAccount {
  type: string;
  account_number: string;
  bank_code: string;
  currency: string;
}

/** Body of POST /transferrecipient. */
export type RecipientBody = RecipientAccount & { name: string };

/** components/schemas/TransferBase. */
export interface TransferItem {
  amount: number;
  recipient: string;
  reference: string;
  reason: string;
}

export function violationsOf(instruction: Instruction, config: PaystackConfig): Violation[] {
  const { amountMinor, exponent, currency, railId } = instruction;
  const violations: Violation[] = [];
  if (!config.currencies.includes(currency) || exponent !== EXPONENT) {
    const message = 'not a currency of this lane';
    violations.push({ field: 'currency', reason: 'currency_refused', message });
  }
  if (amountMinor <= 0n || amountMinor > BigInt(Number.MAX_SAFE_INTEGER)) {
    const message = 'not between 1 and 2^53 - 1 subunits';
    violations.push({ field: 'amount', reason: 'amount_refused', message });
  }
  if (!REFERENCE.test(railId)) {
    const message = 'not 16 to 50 of a-z, 0-9, - and _';
    violations.push({ field: 'rail_id', reason: 'instruction_invalid', message });
  }
  const account = recipientAccount(instruction, config);
  if (typeof account === 'string')
    violations.push({ field: 'payee', reason: 'address_refused', message: account });
  return violations;
}

/** The account to pay, or the sentence why this rail has no such account. */
export function recipientAccount(
  { payee, currency }: Instruction,
  config: PaystackConfig,
): RecipientAccount | string {
  const bankCode = config.bankCodes.get(payee.provider.toLowerCase());
  if (bankCode === undefined) return 'the provider has no bank code on this lane';
  const scheme = payee.scheme.toLowerCase();
  if (WALLET_SCHEMES.has(scheme)) {
    const number = nationalNumber(payee.id, currency);
    if (number === undefined) return 'no mobile money of this currency, or no number of its country';
    return { type: 'mobile_money', account_number: number, bank_code: bankCode, currency };
  }
  const type = ACCOUNT_TYPES.get(currency);
  if (!ACCOUNT_SCHEMES.has(scheme) || type === undefined) return 'no such account in this currency';
  const accountNumber = payee.id.replace(/[ -]/g, '');
  if (!ACCOUNT.test(accountNumber)) return 'not an account number';
  return { type, account_number: accountNumber, bank_code: bankCode, currency };
}

/** components/schemas/TransferRecipientCreate. The number stands in for a name that nobody gave. */
export function recipientBody(account: RecipientAccount, payeeName: string | undefined): RecipientBody {
  const name = cut((payeeName ?? '').trim(), NAME_MAX);
  return { ...account, name: name === '' ? account.account_number : name };
}

/** Names a recipient in the record without naming the payee. */
export function recipientKey({ type, account_number, bank_code, currency }: RecipientAccount): string {
  return createHash('sha256')
    .update(JSON.stringify([type, bank_code, account_number, currency]))
    .digest('hex');
}

export function transferItem(instruction: Instruction, recipient: string): TransferItem {
  return {
    amount: Number(instruction.amountMinor),
    recipient,
    reference: instruction.railId,
    reason: reasonOf(instruction),
  };
}

/** components/schemas/TransferInitiate. */
export function transferBody(instruction: Instruction, recipient: string): object {
  return { source: 'balance', currency: instruction.currency, ...transferItem(instruction, recipient) };
}

/** components/schemas/TransferBulk: one currency. */
export function bulkBody(currency: string, transfers: readonly TransferItem[]): object {
  return { source: 'balance', currency, transfers };
}

/** The disbursement id stands in the narration: it comes back in statements, and leads to the line. */
function reasonOf({ note, disbursementId }: Instruction): string {
  const room = REASON_MAX - disbursementId.length - 1;
  const text = cut((note ?? '').replace(/\p{Cc}/gu, ' ').trim(), room);
  return text === '' ? disbursementId : `${text} ${disbursementId}`;
}

function nationalNumber(id: string, currency: string): string | undefined {
  const code = DIALLING.get(currency);
  const digits = id.replace(/[ ().-]/g, '').replace(/^(\+|00)/, '');
  if (code === undefined || !/^[0-9]{9,15}$/.test(digits)) return undefined;
  if (digits.startsWith(code)) return `0${digits.slice(code.length)}`;
  return digits.startsWith('0') ? digits : undefined;
}

/** At most so many characters (not UTF-16 units). */
function cut(value: string, most: number): string {
  return value.length <= most ? value : Array.from(value).slice(0, most).join('');
}

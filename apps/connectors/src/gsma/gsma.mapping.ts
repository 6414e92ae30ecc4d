import type { Instruction, RailAddress, Violation } from '../connector.js';
import type { GsmaConfig } from './gsma.config.js';

/** Pure translation of an instruction into GSMA Mobile Money API 1.2. Field table: MAPPING.md. */

const AMOUNT = /^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$/;
const EXPONENT_MAX = 4;
const REFERENCE_MAX = 256;
const PARTY_MAX = 256;
const DESCRIPTION_MAX = 160;

/** components/schemas/amount: decimal text without trailing zeros. Exact; no float on the way. */
export function amountText(minor: bigint, exponent: number): string {
  const digits = minor.toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  const fraction = digits.slice(digits.length - exponent).replace(/0+$/, '');
  return exponent === 0 || fraction === '' ? whole : `${whole}.${fraction}`;
}

export function violationsOf(instruction: Instruction, config: GsmaConfig): Violation[] {
  const { amountMinor, exponent, currency, payee, payer, referenceId } = instruction;
  const violations: Violation[] = [];
  if (!config.currencies.includes(currency)) {
    violations.push({
      field: 'currency',
      reason: 'currency_refused',
      message: 'not a currency of this lane',
    });
  }
  if (amountMinor <= 0n || exponent > EXPONENT_MAX || !AMOUNT.test(amountText(amountMinor, exponent))) {
    violations.push({ field: 'amount', reason: 'amount_refused', message: 'not between 0 and 18 digits' });
  }
  if (!isPartyValue(payee.id)) {
    violations.push({
      field: 'payee',
      reason: 'address_refused',
      message: 'empty, too long or not printable',
    });
  }
  if (!isPartyValue(debitParty(payer, config).value)) {
    violations.push({ field: 'payer', reason: 'instruction_invalid', message: 'no account to pay from' });
  }
  if (referenceId.length === 0 || Array.from(referenceId).length > REFERENCE_MAX) {
    violations.push({
      field: 'reference_id',
      reason: 'instruction_invalid',
      message: 'empty or over 256 characters',
    });
  }
  return violations;
}

/** components/schemas/requestTransactionType. */
export function requestBody(instruction: Instruction, config: GsmaConfig): object {
  const { amountMinor, exponent, note, purpose } = instruction;
  const metadata = [
    { key: 'disbursementId', value: instruction.disbursementId },
    { key: 'batchId', value: instruction.batchId },
    ...(purpose === undefined || purpose === '' ? [] : [{ key: 'purpose', value: cut(purpose, PARTY_MAX) }]),
  ];
  return {
    amount: amountText(amountMinor, exponent),
    currency: instruction.currency,
    creditParty: [party(instruction.payee)],
    debitParty: [debitParty(instruction.payer, config)],
    requestingOrganisationTransactionReference: instruction.referenceId,
    ...(note === undefined || note === '' ? {} : { descriptionText: cut(note, DESCRIPTION_MAX) }),
    metadata,
  };
}

/** X-CorrelationID must be a UUID with hyphens. */
export function correlationId(railId: string): string {
  return railId.length === 32
    ? railId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
    : railId;
}

function debitParty(payer: RailAddress, config: GsmaConfig): { key: string; value: string } {
  const account = config.payerAccounts.get(payer.text) ?? config.defaultPayerAccount;
  return account === undefined ? party(payer) : { key: 'accountid', value: account };
}

const PARTY_KEYS: ReadonlyMap<string, string> = new Map([
  ['phone', 'msisdn'],
  ['msisdn', 'msisdn'],
  ['mobile', 'msisdn'],
  ['account_no', 'accountid'],
  ['account', 'accountid'],
  ['iban', 'iban'],
]);

function party(address: RailAddress): { key: string; value: string } {
  return { key: PARTY_KEYS.get(address.scheme.toLowerCase()) ?? 'walletid', value: address.id };
}

function isPartyValue(value: string): boolean {
  return value.length <= PARTY_MAX && /^[^\p{Cc}]+$/u.test(value);
}

/** At most so many characters (not UTF-16 units). */
export function cut(value: string, most: number): string {
  return value.length <= most ? value : Array.from(value).slice(0, most).join('');
}

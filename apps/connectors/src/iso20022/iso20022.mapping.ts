import { createHash } from 'node:crypto';
import type { Instruction, RailAddress, Violation } from '../connector.js';
import { accountOf, BIC, type Account, type Agent, type Iso20022Config } from './iso20022.config.js';

/** One item of a file, with everything that the bank needs. */
export interface FileItem {
  railId: string;
  /** Names the disbursement and the attempt, for whoever looks for a double at the bank. */
  instructionId: string;
  endToEndId: string;
  amountMinor: bigint;
  currency: string;
  exponent: number;
  payee: Account;
  payeeBank: Agent | undefined;
  payeeName: string | undefined;
  /** Unstructured remittance information; ends in the EndToEndId, so that narratives of statements carry it. */
  narrative: string;
}

/** Items that one account pays in one currency: one PmtInf. */
export interface FileGroup {
  groupId: string;
  payer: Account;
  currency: string;
  items: FileItem[];
}

/** A file before it is written. The same attempts always give the same message id, groups and name. */
export interface FilePlan {
  messageId: string;
  fileName: string;
  groups: FileGroup[];
}

/** The standard takes no other id as UETR; one bad id would cost the whole file. */
const UETR = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TEXT_MAX = 140;
const ID_MAX = 35;
const AMOUNT_DIGITS_MAX = 18;
const EXPONENT_MAX = 5;

/** EndToEndId: the rail id without hyphens, which fits into 35 characters. */
export function endToEndId(railId: string): string {
  return railId.replaceAll('-', '');
}

/** InstrId: the disbursement's id without hyphens and the attempt; the EndToEndId where that is longer than 35 characters. */
function instructionId({ disbursementId, attempt, railId }: Instruction): string {
  const id = `${disbursementId.replaceAll('-', '')}-${attempt}`;
  return id.length <= ID_MAX ? id : endToEndId(railId);
}

/** The rail id behind an EndToEndId; undefined for one that is none of ours. */
export function railIdOf(text: string): string | undefined {
  const [, ...parts] =
    /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/.exec(text.toLowerCase()) ?? [];
  return parts.length === 5 ? parts.join('-') : undefined;
}

/** Every reason why this instruction cannot go into a file for this bank. */
export function violationsOf(instruction: Instruction, config: Iso20022Config): Violation[] {
  const { payer, payee, amountMinor, currency, exponent } = instruction;
  const violations: Violation[] = [];
  const account = payeeAccount(payee);
  if (account === undefined)
    violations.push({
      field: 'payee_fa',
      reason: 'address_refused',
      message: 'neither an IBAN nor an account number',
    });
  else if (payeeBank(payee, config) === undefined && !('iban' in account))
    violations.push({
      field: 'payee_fa',
      reason: 'address_refused',
      message: 'no bank is known for its provider',
    });
  if (payerAccount(payer, config) === undefined)
    violations.push({
      field: 'payer_fa',
      reason: 'instruction_invalid',
      message: 'no account is known for the payer',
    });
  if (!config.currencies.includes(currency))
    violations.push({
      field: 'currency_code',
      reason: 'currency_refused',
      message: 'not paid out by this bank',
    });
  if (amountMinor <= 0n || exponent > EXPONENT_MAX || amountMinor.toString().length > AMOUNT_DIGITS_MAX)
    violations.push({
      field: 'amount',
      reason: 'amount_refused',
      message: 'not an amount that a file can hold',
    });
  if (!UETR.test(instruction.railId))
    violations.push({ field: 'rail_id', reason: 'instruction_invalid', message: 'not a UUID of version 4' });
  return violations;
}

/**
 * Groups valid instructions by payer account and currency. Message id, group ids and name come from the rail ids
 * alone: whoever plans the same attempts again plans the same file.
 */
export function planFile(laneId: string, items: readonly Instruction[], config: Iso20022Config): FilePlan {
  const sorted = [...items].sort((a, b) => (a.railId < b.railId ? -1 : 1));
  const digest = createHash('sha256').update(JSON.stringify([laneId, ...sorted.map(({ railId }) => railId)]));
  const messageId = `G${digest.digest('hex').slice(0, 29)}`;
  const groups = new Map<string, FileGroup>();
  for (const instruction of sorted) {
    const payer = payerAccount(instruction.payer, config)!;
    const key = JSON.stringify([payer, instruction.currency]);
    const group = groups.get(key) ?? { groupId: '', payer, currency: instruction.currency, items: [] };
    groups.set(key, group);
    group.items.push(fileItem(instruction, config));
  }
  const ordered = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
  ordered.forEach((group, index) => (group.groupId = `${messageId}-${index + 1}`));
  return { messageId, fileName: `${config.fileNamePrefix}${messageId}.xml`, groups: ordered };
}

/** Decimal text with exactly the currency's decimals: 1050n at exponent 2 is "10.50"; never through a float. */
export function amountText(minor: bigint, exponent: number): string {
  const digits = minor.toString().padStart(exponent + 1, '0');
  const whole = digits.slice(0, digits.length - exponent);
  return exponent === 0 ? whole : `${whole}.${digits.slice(digits.length - exponent)}`;
}

/** Minor units of decimal text of the bank (`10`, `10.5`, `10.5000`); undefined where it is no such amount. */
export function minorOf(text: string, exponent: number): bigint | undefined {
  const [, whole, fraction = ''] = /^\+?(\d{1,18})(?:\.(\d{0,17}))?$/.exec(text) ?? [];
  if (whole === undefined || /[1-9]/.test(fraction.slice(exponent))) return undefined;
  return BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0'));
}

/** The first `max` characters, never half of one; XSD counts code points. Undefined for nothing but spaces. */
export function cutText(text: string | undefined, max = TEXT_MAX): string | undefined {
  const cut = Array.from((text ?? '').replace(/\s+/gu, ' ').trim())
    .slice(0, max)
    .join('')
    .trim();
  return cut === '' ? undefined : cut;
}

export function payerAccount(payer: RailAddress, config: Iso20022Config): Account | undefined {
  return config.payerAccounts.get(payer.text) ?? config.defaultPayerAccount ?? accountOf(payer.text);
}

function payeeAccount({ scheme, id }: RailAddress): Account | undefined {
  return accountOf(`${scheme}:${id}`);
}

function payeeBank({ provider }: RailAddress, config: Iso20022Config): Agent | undefined {
  return (
    config.payeeBanks.get(provider.toLowerCase()) ?? (BIC.test(provider) ? { bic: provider } : undefined)
  );
}

function fileItem(instruction: Instruction, config: Iso20022Config): FileItem {
  const id = endToEndId(instruction.railId);
  const note = cutText(instruction.note, TEXT_MAX - id.length - 1);
  return {
    railId: instruction.railId,
    instructionId: instructionId(instruction),
    endToEndId: id,
    amountMinor: instruction.amountMinor,
    currency: instruction.currency,
    exponent: instruction.exponent,
    payee: payeeAccount(instruction.payee)!,
    payeeBank: payeeBank(instruction.payee, config),
    payeeName: cutText(instruction.payeeName),
    narrative: note === undefined ? id : `${note} ${id}`,
  };
}

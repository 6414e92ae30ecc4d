import type { Outcome } from '../connector.js';
import type { KeptItem, LaneTrouble, Said } from './bank-files.js';
import { REASON_CODES, WAITING_STATUSES, type ReasonMeaning } from './iso20022.codes.js';
import { minorOf } from './iso20022.mapping.js';
import type { EntryWord, StatusWord } from './iso20022.status.js';

/** What one word of the bank means for an item, and for the lane. */
export interface Meaning {
  said: Said;
  trouble?: LaneTrouble;
  /** The bank's books and ours disagree: somebody must look. */
  alarm?: string;
}

interface Agreement {
  acccSettles: boolean;
}

/**
 * pain.002. Nothing here is success but ACCC for a single item, where that is agreed. A refusal of a whole file or
 * group is trouble of the lane, not of its payees: it fails nobody, unless its code says that the bank will not try.
 */
export function statusMeaning(word: StatusWord, { acccSettles }: Agreement): Meaning {
  const words = wordsOf(word);
  if (word.status === 'ACCC')
    return { said: { kind: acccSettles && word.level === 'item' ? 'settled' : 'accepted', ...words } };
  if (WAITING_STATUSES.has(word.status)) return { said: { kind: 'accepted', ...words } };
  if (word.status !== 'RJCT') return { said: { kind: 'unknown', ...words, code: word.status } };
  const meaning = word.code === undefined ? undefined : REASON_CODES.get(word.code);
  return word.level === 'item' ? itemRefused(meaning, word) : wholeRefused(meaning, word);
}

function itemRefused(meaning: ReasonMeaning | undefined, word: StatusWord): Meaning {
  const words = wordsOf(word);
  switch (meaning?.kind) {
    case 'permanent':
    case 'retryable':
      return {
        said: { kind: 'rejected', retryable: meaning.kind === 'retryable', reason: meaning.reason, ...words },
      };
    case 'payer_funds':
      return withoutFunds(word);
    case 'configuration':
      return { said: { kind: 'unknown', ...words }, trouble: configuration(word) };
    default:
      return { said: { kind: 'unknown', ...words } };
  }
}

function wholeRefused(meaning: ReasonMeaning | undefined, word: StatusWord): Meaning {
  const words = wordsOf(word);
  if (meaning?.kind === 'duplicate') return { said: { kind: 'unknown', ...words } };
  if (meaning?.kind === 'payer_funds') return withoutFunds(word);
  if (meaning?.kind === 'retryable')
    return { said: { kind: 'rejected', retryable: true, reason: meaning.reason, ...words } };
  return { said: { kind: 'unknown', ...words }, trouble: configuration(word) };
}

function withoutFunds(word: StatusWord): Meaning {
  return {
    said: { kind: 'rejected', retryable: true, reason: 'rail_unavailable', ...wordsOf(word) },
    trouble: { kind: 'payer_funds', message: `the payer account has too little (${word.code})` },
  };
}

function configuration({ level, code, messageId }: StatusWord): LaneTrouble {
  const what = level === 'item' ? 'an item of' : level === 'group' ? 'a group of' : '';
  return {
    kind: 'configuration',
    message: `the bank refused ${what} file ${messageId ?? ''} (${code ?? 'without a reason'})`.replace(
      '  ',
      ' ',
    ),
  };
}

/** A booking. Only a booked debit of exactly the item's amount is success; money that comes back is a return. */
export function entryMeaning(word: EntryWord, item: KeptItem): Meaning {
  const words = wordsOf(word);
  if (!word.booked) return { said: { kind: 'accepted', ...words } };
  const minor = word.currency === item.currency ? minorOf(word.amount, item.exponent) : undefined;
  if (word.direction === 'debit') {
    if (minor !== item.amountMinor) return disagree(word, 'booked with another amount');
    // A credit that is taken back leaves the return before it as it is.
    return word.reversal
      ? disagree(word, 'a return was taken back')
      : { said: { kind: 'settled', ...words, code: 'BOOK' } };
  }
  // A return may have lost charges on its way; more than we paid is no return.
  if (minor === undefined || minor > item.amountMinor) return disagree(word, 'returned with another amount');
  const meaning = word.code === undefined ? undefined : REASON_CODES.get(word.code);
  const reason = meaning !== undefined && 'reason' in meaning ? meaning.reason : 'reversed';
  return { said: { kind: 'returned', ...words, reason } };
}

function disagree(word: EntryWord, what: string): Meaning {
  const said: Said = { kind: 'unknown', ...wordsOf(word), text: what };
  return { said, alarm: `${word.endToEndId}: ${what}` };
}

/** Rank of rule I, for what is kept of an item. */
export function rankOf(kind: Said['kind']): number {
  return { unknown: 0, accepted: 0, rejected: 1, settled: 2, returned: 3 }[kind];
}

/** What a query answers for an item that the bank has; silence is only that: it has it. */
export function outcomeOf(item: KeptItem, pollAfterMs: number): Outcome {
  const { railId, messageId, said } = item;
  const base = {
    railId,
    railHandle: messageId,
    at: new Date(),
    ...(said?.reference === undefined ? {} : { railReference: said.reference }),
    ...(said?.code === undefined ? {} : { rawCode: said.code }),
    ...(said?.text === undefined ? {} : { rawText: said.text }),
  };
  switch (said?.kind) {
    case undefined:
    case 'accepted':
      return { ...base, kind: 'accepted', pollAfterMs };
    case 'unknown':
      return {
        ...base,
        kind: 'unknown',
        why: `the bank's word ${said.code ?? ''} decides nothing`.replace('  ', ' '),
      };
    case 'rejected':
      return {
        ...base,
        kind: 'rejected',
        retryable: said.retryable ?? false,
        reason: said.reason ?? 'declined',
      };
    case 'settled':
      return { ...base, kind: 'settled' };
    case 'returned':
      return { ...base, kind: 'returned', reason: said.reason ?? 'reversed' };
  }
}

/** The bank's own words, without what names a payee: free text of a refusal may hold account numbers. */
function wordsOf({ code, reference }: StatusWord | EntryWord): Pick<Said, 'code' | 'reference'> {
  return { ...(code === undefined ? {} : { code }), ...(reference === undefined ? {} : { reference }) };
}

import { UnreadableFile } from '@gpo/xml';
import type { Balance, Booking, Statement } from './statement.js';

/** Whether these bytes are an MT940 and no XML. */
export function looksLikeMt940(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*(\{1:|:20:)/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
}

// Value date, entry date, mark (C, D, RC, RD), third letter of the currency, amount, type, reference // the bank's own.
const LINE = /^(\d{6})(\d{4})?(R?[CD])[A-Z]?(\d{1,15},\d{0,3})[A-Z][A-Z0-9]{3}([^\n]*)/;
const BALANCE = /^([CD])(\d{6})([A-Z]{3})(\d{1,15},\d{0,3})/;
const RETURN_CODE = /(?:\/(?:RTRN|RREF|RTN)\/|RETURN REASON[ :]*|SVWZ\+RETURN[^A-Z0-9]*)([A-Z]{2}\d{2})/;

/**
 * The statements in an MT940, the statement of banks without camt.053: `:61:` is a booking, `:86:` its narrative, in which our
 * EndToEndId stands because every file of ours puts it there. A booking whose narrative names no such id, or several, has none.
 * @throws UnreadableFile
 */
export function readMt940(bytes: Uint8Array): Statement[] {
  const text = Buffer.from(bytes).toString('latin1').replace(/\r\n?/g, '\n');
  const fields = [...text.matchAll(/(?:^|\n):(\d{2}[A-Z]?):([^]*?)(?=\n:\d{2}[A-Z]?:|\n-\}?|\n*$)/g)];
  const statements: Statement[] = [];
  let current: Statement = begin('');
  let balances = 0;
  fields.forEach(([, name = '', value = ''], index) => {
    if (name === '20') statements.push((current = begin(value.trim())));
    else if (name === '25') current.account = value.split('\n', 1)[0]!.replaceAll(' ', '');
    else if (name === '28C') current.id = `${current.id}/${value.trim()}`;
    else if (name.startsWith('60')) balances += setBalance(current, 'opening', value) ? 1 : 0;
    else if (name.startsWith('62')) setBalance(current, 'closing', value);
    else if (name === '61') {
      const next = fields[index + 1];
      const booking = bookingOf(value, next?.[1] === '86' ? (next[2] ?? '') : '', current.opening?.currency);
      if (booking !== undefined) current.bookings.push(booking);
    }
  });
  if (balances === 0) throw new UnreadableFile('it is an MT940 without an opening balance');
  return statements.length === 0 ? [current] : statements;
}

function begin(id: string): Statement {
  return { id, account: '', whole: true, bookings: [] };
}

/** Every statement opens with its balance, and the balance names the currency. */
function setBalance(statement: Statement, which: 'opening' | 'closing', value: string): boolean {
  const [, mark, on, currency, amount] = BALANCE.exec(value) ?? [];
  if (mark === undefined) return false;
  const balance: Balance = {
    amount: `${mark === 'D' ? '-' : ''}${decimal(amount!)}`,
    currency: currency!,
    on: dayOf(on!),
  };
  statement[which] = balance;
  return true;
}

function bookingOf(line: string, narrative: string, currency: string | undefined): Booking | undefined {
  const [, valueOn, entryOn, mark, amount, references = ''] = LINE.exec(line) ?? [];
  if (mark === undefined || amount === undefined || currency === undefined) return undefined;
  const endToEndId = idIn(narrative);
  const reference = /\/\/([^\s/]+)/.exec(references)?.[1];
  const code = RETURN_CODE.exec(unwrapped(narrative))?.[1];
  return {
    // RD takes back a debit: money came back to us. RC takes back a credit.
    direction: mark === 'D' || mark === 'RC' ? 'debit' : 'credit',
    booked: true,
    reversal: mark.startsWith('R'),
    amount: decimal(amount),
    currency,
    valueOn: dayOf(valueOn!),
    bookedOn: entryOn === undefined ? dayOf(valueOn!) : bookedDay(valueOn!, entryOn),
    ...(endToEndId === undefined ? {} : { endToEndId }),
    ...(code === undefined ? {} : { code }),
    ...(reference === undefined ? {} : { reference }),
  };
}

function decimal(amount: string): string {
  return amount.replace(',', '.').replace(/\.$/, '');
}

function dayOf(yymmdd: string): string {
  return `20${yymmdd.slice(0, 2)}-${yymmdd.slice(2, 4)}-${yymmdd.slice(4)}`;
}

/** The entry date has no year: it is the one that lies nearest to the value date. */
function bookedDay(valueOn: string, mmdd: string): string {
  const year = 2000 + Number(valueOn.slice(0, 2));
  const months = Number(mmdd.slice(0, 2)) - Number(valueOn.slice(2, 4));
  const nearest = months > 6 ? year - 1 : months < -6 ? year + 1 : year;
  return `${nearest}-${mmdd.slice(0, 2)}-${mmdd.slice(2)}`;
}

/** Lines of 65 characters and the sub-fields ?20 to ?29 break a narrative, and perhaps our id with it. */
function unwrapped(narrative: string, gap = ''): string {
  return narrative.replace(/\n/g, gap).replace(/\?(2\d|6[0-3])/g, gap);
}

const ID = /(?<![0-9a-f])[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}(?![0-9a-f])/gi;

/** The one id of ours in a narrative, whether or not a line ends in the middle of it or right before it. */
function idIn(narrative: string): string | undefined {
  const texts = [unwrapped(narrative), unwrapped(narrative, ' ')];
  const found = new Set(texts.flatMap((text) => [...text.matchAll(ID)].map(([id]) => id.toLowerCase())));
  return found.size === 1 ? [...found][0] : undefined;
}

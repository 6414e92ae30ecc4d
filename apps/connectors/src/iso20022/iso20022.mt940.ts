import { UnreadableFile } from '@gpo/xml';
import type { AnswerFile, EntryWord } from './iso20022.status.js';

/** Whether these bytes are an MT940 and no XML. */
export function looksLikeMt940(bytes: Uint8Array): boolean {
  return /^\uFEFF?\s*(\{1:|:20:)/.test(Buffer.from(bytes.subarray(0, 64)).toString('latin1'));
}

// Date, entry date, mark (C, D, RC, RD), third letter of the currency, amount, type, reference // the bank's own.
const LINE = /^\d{6}(?:\d{4})?(R?[CD])[A-Z]?(\d{1,15},\d{0,3})[A-Z][A-Z0-9]{3}([^\n]*)/;
const RETURN_CODE = /(?:\/(?:RTRN|RREF|RTN)\/|RETURN REASON[ :]*|SVWZ\+RETURN[^A-Z0-9]*)([A-Z]{2}\d{2})/;

/**
 * MT940, the statement of banks without camt.053: `:61:` is a booking, `:86:` its narrative, in which our EndToEndId
 * stands because every file of ours puts it there. A booking whose narrative names no such id, or several, is no item's.
 * @throws UnreadableFile
 */
export function readMt940(bytes: Uint8Array): AnswerFile {
  const text = Buffer.from(bytes).toString('latin1').replace(/\r\n?/g, '\n');
  const fields = [...text.matchAll(/(?:^|\n):(\d{2}[A-Z]?):([^]*?)(?=\n:\d{2}[A-Z]?:|\n-\}?|\n*$)/g)];
  const words: EntryWord[] = [];
  let currency: string | undefined;
  fields.forEach(([, name, value = ''], index) => {
    // Every statement in the file opens with its balance, and the balance names the currency.
    if (name === '60F' || name === '60M') currency = /^[CD]\d{6}([A-Z]{3})/.exec(value)?.[1];
    if (name !== '61') return;
    const next = fields[index + 1];
    const word = entryOf(value, next?.[1] === '86' ? (next[2] ?? '') : '', currency);
    if (word !== undefined) words.push(word);
  });
  if (currency === undefined) throw new UnreadableFile('it is an MT940 without an opening balance');
  return { kind: 'mt940', words };
}

function entryOf(line: string, narrative: string, currency: string | undefined): EntryWord | undefined {
  const [, mark, amount, references = ''] = LINE.exec(line) ?? [];
  const endToEndId = idIn(narrative);
  if (mark === undefined || amount === undefined || endToEndId === undefined || currency === undefined)
    return undefined;
  const plain = unwrapped(narrative);
  const reference = /\/\/([^\s/]+)/.exec(references)?.[1];
  const code = RETURN_CODE.exec(plain)?.[1];
  return {
    kind: 'entry',
    endToEndId,
    // RD takes back a debit: money came back to us. RC takes back a credit.
    direction: mark === 'D' || mark === 'RC' ? 'debit' : 'credit',
    booked: true,
    reversal: mark.startsWith('R'),
    amount: amount.replace(',', '.').replace(/\.$/, ''),
    currency,
    ...(code === undefined ? {} : { code }),
    ...(reference === undefined ? {} : { reference }),
  };
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

import { readCamt, type Booking, type Statement } from '@gpo/statements';
import { elementsOf, readXml, textAt, UnreadableFile, type XmlElement } from '@gpo/xml';

/** What the bank says about a file, a group of it, or one item (pain.002). */
export interface StatusWord {
  kind: 'status';
  level: 'file' | 'group' | 'item';
  messageId: string | undefined;
  groupId?: string;
  endToEndId?: string;
  status: string;
  code?: string;
  text?: string;
  reference?: string;
}

/** One booking on our account that carries an EndToEndId (camt.053, camt.054, MT940). */
export interface EntryWord extends Omit<Booking, 'endToEndId' | 'bookedOn' | 'valueOn' | 'group'> {
  kind: 'entry';
  endToEndId: string;
}

export type BankWord = StatusWord | EntryWord;

/** What an answer file holds; `kind` is its message, '' for one that this connector does not use. */
export interface AnswerFile {
  kind: 'pain.002' | 'camt' | 'mt940' | '';
  words: BankWord[];
}

/**
 * Reads pain.002, camt.053 and camt.054 of any version: the elements used have the same names in all of them. Other
 * messages (camt.052, pacs.004, …) are left alone.
 * @throws UnreadableFile
 */
export async function readAnswer(bytes: Uint8Array): Promise<AnswerFile> {
  const root = await readXml(bytes);
  const [message] = root.elements;
  if (root.name !== 'Document' || message === undefined)
    throw new UnreadableFile('it is no ISO 20022 document');
  if (message.name === 'CstmrPmtStsRpt') return { kind: 'pain.002', words: statusWords(message) };
  const statements = readCamt(message);
  if (statements === undefined) return { kind: '', words: [] };
  return { kind: 'camt', words: entryWords(statements) };
}

function statusWords(report: XmlElement): StatusWord[] {
  const [original] = elementsOf(report, 'OrgnlGrpInfAndSts');
  const messageId = original && textAt(original, 'OrgnlMsgId');
  const groups = elementsOf(report, 'OrgnlPmtInfAndSts');
  const inside = groups.flatMap((group) => {
    const groupId = textAt(group, 'OrgnlPmtInfId');
    const items = elementsOf(group, 'TxInfAndSts').flatMap((item) => itemWords(item, messageId));
    const own = statusOf(group, 'PmtInfSts', items.length > 0);
    return own === undefined || groupId === undefined
      ? items
      : [{ ...own, level: 'group' as const, messageId, groupId }, ...items];
  });
  const file = original && statusOf(original, 'GrpSts', inside.length > 0);
  return file === undefined ? inside : [{ ...file, level: 'file', messageId }, ...inside];
}

function itemWords(item: XmlElement, messageId: string | undefined): StatusWord[] {
  const endToEndId = textAt(item, 'OrgnlEndToEndId');
  const own = statusOf(item, 'TxSts', false);
  if (endToEndId === undefined || own === undefined) return [];
  const reference = textAt(item, 'AcctSvcrRef');
  return [
    { ...own, level: 'item', messageId, endToEndId, ...(reference === undefined ? {} : { reference }) },
  ];
}

/** A refusal without a reason of its own, above parts that speak for themselves, only sums them up. */
function statusOf(
  element: XmlElement,
  path: string,
  partsSpeak: boolean,
): Pick<StatusWord, 'kind' | 'status' | 'code' | 'text'> | undefined {
  const status = textAt(element, path);
  const code = textAt(element, 'StsRsnInf/Rsn/Cd') ?? textAt(element, 'StsRsnInf/Rsn/Prtry');
  if (status === undefined || (status === 'RJCT' && code === undefined && partsSpeak)) return undefined;
  const text = textAt(element, 'StsRsnInf/AddtlInf');
  return {
    kind: 'status',
    status,
    ...(code === undefined ? {} : { code }),
    ...(text === undefined ? {} : { text }),
  };
}

/** The bookings that name an EndToEndId; one that names none says nothing about an item. */
export function entryWords(statements: readonly Statement[]): EntryWord[] {
  return statements.flatMap(({ bookings }) => bookings).flatMap((booking) => wordOf(booking) ?? []);
}

function wordOf({ endToEndId, code, text, reference, ...booking }: Booking): EntryWord | undefined {
  if (endToEndId === undefined) return undefined;
  const { direction, booked, reversal, amount, currency } = booking;
  return {
    ...{ kind: 'entry', endToEndId, direction, booked, reversal, amount, currency },
    ...(code === undefined ? {} : { code }),
    ...(text === undefined ? {} : { text }),
    ...(reference === undefined ? {} : { reference }),
  };
}

import { allAt, elementsOf, readXml, textAt, UnreadableFile, type XmlElement } from '@gpo/xml';

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
export interface EntryWord {
  kind: 'entry';
  endToEndId: string;
  /** debit: money left us; credit: money came back. */
  direction: 'debit' | 'credit';
  booked: boolean;
  /** The booking takes back an earlier one. */
  reversal: boolean;
  /** Decimal text, as the bank wrote it. */
  amount: string;
  currency: string;
  /** Reason of a return. */
  code?: string;
  text?: string;
  reference?: string;
}

export type BankWord = StatusWord | EntryWord;

/** What an answer file holds; `kind` is its message, '' for one that this connector does not use. */
export interface AnswerFile {
  kind: 'pain.002' | 'camt' | 'mt940' | '';
  words: BankWord[];
}

const STATEMENTS: ReadonlyMap<string, string> = new Map([
  ['BkToCstmrStmt', 'Stmt'],
  ['BkToCstmrDbtCdtNtfctn', 'Ntfctn'],
]);

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
  const statement = STATEMENTS.get(message.name);
  if (statement === undefined) return { kind: '', words: [] };
  return { kind: 'camt', words: allAt(message, `${statement}/Ntry`).flatMap(entryWords) };
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

/** Each transaction of a booking; a booking without transactions names no EndToEndId and says nothing about an item. */
function entryWords(entry: XmlElement): EntryWord[] {
  const details = allAt(entry, 'NtryDtls/TxDtls');
  return details.flatMap((detail): EntryWord[] => {
    const endToEndId = textAt(detail, 'Refs/EndToEndId');
    const amount = amountOf(detail, details.length === 1 ? entry : undefined);
    const side = textAt(detail, 'CdtDbtInd') ?? textAt(entry, 'CdtDbtInd');
    const currency = amount?.attributes.Ccy;
    if (endToEndId === undefined || amount === undefined || currency === undefined) return [];
    if (side !== 'DBIT' && side !== 'CRDT') return [];
    const returned = elementsOf(detail, 'RtrInf')[0];
    const code = returned && (textAt(returned, 'Rsn/Cd') ?? textAt(returned, 'Rsn/Prtry'));
    const text = returned && textAt(returned, 'AddtlInf');
    const reference = textAt(detail, 'Refs/AcctSvcrRef') ?? textAt(entry, 'AcctSvcrRef');
    return [
      {
        kind: 'entry',
        endToEndId,
        direction: side === 'DBIT' ? 'debit' : 'credit',
        booked: (textAt(entry, 'Sts/Cd') ?? textAt(entry, 'Sts')) === 'BOOK',
        reversal: ['true', '1'].includes(textAt(entry, 'RvslInd') ?? ''),
        amount: amount.text.trim(),
        currency,
        ...(code === undefined ? {} : { code }),
        ...(text === undefined ? {} : { text }),
        ...(reference === undefined ? {} : { reference }),
      },
    ];
  });
}

/** The amount as we instructed it, where the bank repeats it; a lone transaction may leave its amount to the booking. */
function amountOf(detail: XmlElement, entry: XmlElement | undefined): XmlElement | undefined {
  return (
    allAt(detail, 'AmtDtls/InstdAmt/Amt')[0] ??
    elementsOf(detail, 'Amt')[0] ??
    (entry && elementsOf(entry, 'Amt')[0])
  );
}

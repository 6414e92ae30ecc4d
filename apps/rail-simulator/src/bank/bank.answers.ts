import { escapeText } from '@gpo/xml';
import type { BankEntry, BankItem, JournalGroup } from './bank.ledger.js';

const STATUS_REPORT = 'urn:iso:std:iso:20022:tech:xsd:pain.002.001.12';
const NOTIFICATION = 'urn:iso:std:iso:20022:tech:xsd:camt.054.001.08';
const ORDER = 'pain.001.001.09';
/** Domain and families of the ISO bank transaction codes: a domestic credit transfer, and its return. */
const FAMILIES = { debit: ['PMNT', 'ICDT', 'DMCT'], credit: ['PMNT', 'ICDT', 'RRTN'] } as const;
const RETURNED = 'AC04';

/** Name of an answer in the customer's folder, in the order of the answers. */
export function answerName({ answer, event }: BankEntry): string {
  const kind = event === 'file' || event === 'declined' ? 'pain002' : 'camt054';
  return `${String(answer).padStart(8, '0')}-${kind}.xml`;
}

/**
 * The answer file that an entry of the journal leads to: a pain.002.001.12 or a camt.054.001.08. The same entry gives the same
 * bytes, so that an answer lost in a crash can be written again.
 * @param items those that the entry names, in the state after it.
 */
export function answerText(entry: BankEntry, items: readonly BankItem[]): string {
  const body =
    entry.event === 'file'
      ? fileReport(entry)
      : entry.event === 'declined'
        ? itemReport(entry, items)
        : notification(entry, items);
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`;
}

/** Refused items one by one; for all others the word of their group counts. */
function fileReport(entry: BankEntry & { event: 'file' }): string {
  if (entry.refused !== undefined) return report(entry, status('GrpSts', 'RJCT', entry.refused), '');
  const refused = entry.groups.some(
    (group) => group.refused !== undefined || group.items.some((item) => item.refused !== undefined),
  );
  const groups = entry.groups.map((group) => groupReport(group)).join('\n');
  return report(entry, status('GrpSts', refused ? 'PART' : 'ACSP'), groups);
}

function groupReport(group: JournalGroup): string {
  const id = tag('OrgnlPmtInfId', group.groupId);
  if (group.refused !== undefined)
    return wrap('OrgnlPmtInfAndSts', id, status('PmtInfSts', 'RJCT', group.refused));
  const bad = group.items.filter(({ refused }) => refused !== undefined);
  return wrap(
    'OrgnlPmtInfAndSts',
    id,
    status('PmtInfSts', bad.length === 0 ? 'ACSP' : 'PART'),
    ...bad.map(({ endToEndId, refused }) => itemStatus(endToEndId, refused!)),
  );
}

function itemReport(entry: BankEntry & { event: 'declined' }, items: readonly BankItem[]): string {
  const groups = [...new Set(items.map(({ group }) => group))].map((group) =>
    wrap(
      'OrgnlPmtInfAndSts',
      tag('OrgnlPmtInfId', group.groupId),
      ...items
        .filter((item) => item.group === group)
        .map(({ endToEndId }) => itemStatus(endToEndId, entry.code)),
    ),
  );
  return report(entry, '', groups.join('\n'));
}

function itemStatus(endToEndId: string, code: string): string {
  return `\n${wrap('TxInfAndSts', tag('OrgnlEndToEndId', endToEndId), status('TxSts', 'RJCT', code))}`;
}

function report(entry: BankEntry, fileStatus: string, groups: string): string {
  const original = [tag('OrgnlMsgId', entry.messageId || 'NOTPROVIDED'), tag('OrgnlMsgNmId', ORDER)];
  return wrap(
    `Document xmlns="${STATUS_REPORT}"`,
    wrap(
      'CstmrPmtStsRpt',
      wrap('GrpHdr', tag('MsgId', `S${entry.answer}`), created(entry)),
      wrap('OrgnlGrpInfAndSts', ...original, fileStatus),
      groups,
    ),
  );
}

/** One entry per item: the customer asked for it (BtchBookg false). One statement of an account and currency each. */
function notification(
  entry: BankEntry & { event: 'booked' | 'booked-again' | 'returned' },
  items: readonly BankItem[],
): string {
  const side = entry.event === 'returned' ? 'credit' : 'debit';
  const statements = [...new Set(items.map(({ group }) => group))].map((group, index) =>
    wrap(
      'Ntfctn',
      tag('Id', `N${entry.answer}-${index + 1}`),
      created(entry),
      wrap('Acct', account(group.payer), tag('Ccy', group.currency)),
      ...items.filter((item) => item.group === group).map((item) => `\n${booking(item, side, entry.at)}`),
    ),
  );
  return wrap(
    `Document xmlns="${NOTIFICATION}"`,
    wrap(
      'BkToCstmrDbtCdtNtfctn',
      wrap('GrpHdr', tag('MsgId', `N${entry.answer}`), created(entry)),
      ...statements,
    ),
  );
}

/** One booked movement (Ntry) of a notification or a statement. */
export function booking(item: BankItem, side: keyof typeof FAMILIES, at: string): string {
  const reference = `${item.reference ?? ''}${side === 'credit' ? 'R' : ''}`;
  const money = `<Amt Ccy="${item.group.currency}">${escapeText(item.amount)}</Amt>${tag('CdtDbtInd', side === 'debit' ? 'DBIT' : 'CRDT')}`;
  const [domain, family, sub] = FAMILIES[side];
  const code = wrap(
    'BkTxCd',
    wrap('Domn', tag('Cd', domain), wrap('Fmly', tag('Cd', family), tag('SubFmlyCd', sub))),
  );
  const returned = side === 'credit' ? wrap('RtrInf', wrap('Rsn', tag('Cd', RETURNED))) : '';
  return wrap(
    'Ntry',
    money,
    wrap('Sts', tag('Cd', 'BOOK')),
    wrap('BookgDt', tag('Dt', at.slice(0, 10))),
    tag('AcctSvcrRef', reference),
    code,
    wrap('NtryDtls', wrap('TxDtls', wrap('Refs', tag('EndToEndId', item.endToEndId)), money, returned)),
  );
}

export function account(number: string): string {
  const iban = /^[A-Z]{2}\d{2}[A-Z0-9]{1,30}$/.test(number);
  return wrap('Id', iban ? tag('IBAN', number) : wrap('Othr', tag('Id', number)));
}

function created({ at }: BankEntry): string {
  return tag('CreDtTm', at);
}

function status(element: string, word: string, code?: string): string {
  const reason = code === undefined ? '' : wrap('StsRsnInf', wrap('Rsn', tag('Cd', code)));
  return tag(element, word) + reason;
}

export function tag(element: string, text: string): string {
  return `<${element}>${escapeText(text)}</${element}>`;
}

export function wrap(element: string, ...content: string[]): string {
  return `<${element}>${content.join('')}</${element.split(' ')[0]!}>`;
}

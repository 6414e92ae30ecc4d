import { escapeText } from '@gpo/xml';
import { amountText, cutText, type FileGroup, type FileItem, type FilePlan } from './iso20022.mapping.js';
import type { Account, Agent, Iso20022Config } from './iso20022.config.js';

const NAMESPACE = 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09';
const SUM_DIGITS_MAX = 18;
const EXPONENT_MAX = 5;

/**
 * A pain.001.001.09: the same plan and time give the same bytes. One PmtInf per payer account, currency and day; each
 * item is booked by itself (BtchBookg false), because with one total no EndToEndId would come back.
 * @param createdAt when the file was first planned; also its day of execution, in the lane's time zone.
 */
export function writePain001(plan: FilePlan, createdAt: Date, config: Iso20022Config): string {
  const { messageId, groups } = plan;
  const items = groups.flatMap((group) => group.items);
  const header = [
    tag('MsgId', messageId),
    tag('CreDtTm', `${createdAt.toISOString().slice(0, 19)}Z`),
    totals(items),
    wrap('InitgPty', name(config.payerName)),
  ];
  const body = groups.map((group) => payment(group, dayIn(config.timeZone, createdAt), config));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<Document xmlns="${NAMESPACE}"><CstmrCdtTrfInitn>`,
    wrap('GrpHdr', ...header),
    ...body,
    '</CstmrCdtTrfInitn></Document>',
    '',
  ].join('\n');
}

function payment(group: FileGroup, day: string, config: Iso20022Config): string {
  const parts = [
    tag('PmtInfId', group.groupId),
    tag('PmtMtd', 'TRF'),
    tag('BtchBookg', 'false'),
    totals(group.items),
    wrap('ReqdExctnDt', tag('Dt', day)),
    wrap('Dbtr', name(config.payerName)),
    wrap('DbtrAcct', account(group.payer), tag('Ccy', group.currency)),
    wrap('DbtrAgt', agent(config.payerBank, config)),
    ...group.items.map((item) => `\n${transfer(item, config)}`),
  ];
  return wrap('PmtInf', ...parts);
}

function transfer(item: FileItem, config: Iso20022Config): string {
  const { instructionId, endToEndId, railId, payeeBank, payeeName } = item;
  const amount = amountText(item.amountMinor, item.exponent);
  return wrap(
    'CdtTrfTxInf',
    wrap('PmtId', tag('InstrId', instructionId), tag('EndToEndId', endToEndId), tag('UETR', railId)),
    config.categoryPurpose && wrap('PmtTpInf', wrap('CtgyPurp', tag('Cd', config.categoryPurpose))),
    wrap('Amt', `<InstdAmt Ccy="${item.currency}">${amount}</InstdAmt>`),
    payeeBank && wrap('CdtrAgt', agent(payeeBank, config)),
    payeeName && wrap('Cdtr', name(payeeName)),
    wrap('CdtrAcct', account(item.payee)),
    wrap('RmtInf', tag('Ustrd', item.narrative)),
  );
}

/** NbOfTxs, and CtrlSum where it fits into the 18 digits of the standard: a sum of the numbers, whatever their currencies. */
function totals(items: readonly FileItem[]): string {
  const sum = items.reduce(
    (total, { amountMinor, exponent }) => total + amountMinor * 10n ** BigInt(EXPONENT_MAX - exponent),
    0n,
  );
  const text = amountText(sum, EXPONENT_MAX).replace(/\.?0+$/, '');
  const fits = text.replace('.', '').length <= SUM_DIGITS_MAX;
  return tag('NbOfTxs', String(items.length)) + (fits ? tag('CtrlSum', text) : '');
}

function account(value: Account): string {
  return wrap('Id', 'iban' in value ? tag('IBAN', value.iban) : wrap('Othr', tag('Id', value.number)));
}

function agent(value: Agent, { clearingSystem }: Iso20022Config): string {
  if ('bic' in value) return wrap('FinInstnId', tag('BICFI', value.bic));
  const system = clearingSystem && wrap('ClrSysId', tag('Cd', clearingSystem));
  return wrap('FinInstnId', wrap('ClrSysMmbId', system, tag('MmbId', value.member)));
}

function name(text: string): string {
  return tag('Nm', cutText(text) ?? 'NOTPROVIDED');
}

/** The calendar day in a time zone, as ISO 8601 writes it. */
function dayIn(timeZone: string, at: Date): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  const part = Object.fromEntries(parts.formatToParts(at).map(({ type, value }) => [type, value]));
  return `${part.year}-${part.month}-${part.day}`;
}

function tag(element: string, text: string): string {
  return `<${element}>${escapeText(text)}</${element}>`;
}

function wrap(element: string, ...content: (string | undefined)[]): string {
  return `<${element}>${content.filter((part) => part !== undefined && part !== '').join('')}</${element}>`;
}

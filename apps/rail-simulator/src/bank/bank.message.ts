import { allAt, elementsOf, readXml, textAt, type XmlElement } from '@gpo/xml';
import { exponentOf, toMinor } from '../gsma.message.js';

/** One CdtTrfTxInf, as far as the simulated bank reads it. */
export interface OrderItem {
  endToEndId: string;
  /** Who is paid by it, over all attempts; the EndToEndId where the InstrId does not say. */
  disbursement: string;
  /** Decimal text, as it was written. */
  amount: string;
  payee: string;
}

/** One PmtInf. */
export interface OrderGroup {
  groupId: string;
  /** Account that pays, IBAN or number. */
  payer: string;
  currency: string;
  items: OrderItem[];
}

/** One pain.001. */
export interface Order {
  messageId: string;
  groups: OrderGroup[];
  /** Code of the external status reason set, where the bank takes none of it. */
  refused?: string;
}

/** How GPO writes an InstrId: the disbursement's id without hyphens, and the number of the attempt. */
const INSTRUCTION_ID = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})-\d{1,2}$/;
const AMOUNT = /^\d{1,18}(\.\d{1,5})?$/;
const [INVALID_FORM, INVALID_AMOUNT, INVALID_COUNT, INVALID_SUM] = ['FF01', 'AM01', 'AM18', 'AM10'];

/**
 * A pain.001.001.09 in the form that GPO and most banks' customers use: accounts as IBAN or Othr, InstdAmt.
 * @throws UnreadableFile for what is no XML. What is XML and no good order has `refused`.
 */
export async function readOrder(bytes: Uint8Array): Promise<Order> {
  const root = await readXml(bytes);
  const message = elementsOf(root, 'CstmrCdtTrfInitn')[0];
  const header = message && elementsOf(message, 'GrpHdr')[0];
  const messageId = header && textAt(header, 'MsgId');
  if (message === undefined || header === undefined || messageId === undefined)
    return { messageId: '', groups: [], refused: INVALID_FORM };
  const groups = elementsOf(message, 'PmtInf').map(readGroup);
  const refused = groups.includes(undefined) ? INVALID_FORM : undefined;
  const order: Order = { messageId, groups: groups.filter((group) => group !== undefined) };
  const wrong = refused ?? wrongTotals(header, order.groups) ?? wrongAmount(order.groups);
  return wrong === undefined ? order : { ...order, refused: wrong };
}

function readGroup(group: XmlElement): OrderGroup | undefined {
  const groupId = textAt(group, 'PmtInfId');
  const payer = accountIn(group, 'DbtrAcct');
  const transfers = elementsOf(group, 'CdtTrfTxInf');
  const currency = transfers[0] && allAt(transfers[0], 'Amt/InstdAmt')[0]?.attributes.Ccy;
  if (groupId === undefined || payer === undefined || currency === undefined) return undefined;
  const items = transfers.map((transfer) => readItem(transfer, currency));
  const read = items.filter((item) => item !== undefined);
  return read.length === items.length ? { groupId, payer, currency, items: read } : undefined;
}

function readItem(transfer: XmlElement, currency: string): OrderItem | undefined {
  const endToEndId = textAt(transfer, 'PmtId/EndToEndId');
  const amount = allAt(transfer, 'Amt/InstdAmt')[0];
  const payee = accountIn(transfer, 'CdtrAcct');
  if (endToEndId === undefined || amount?.attributes.Ccy !== currency || payee === undefined)
    return undefined;
  const [, ...parts] = INSTRUCTION_ID.exec(textAt(transfer, 'PmtId/InstrId') ?? '') ?? [];
  return {
    endToEndId,
    disbursement: parts.length === 5 ? parts.join('-') : endToEndId,
    amount: amount.text.trim(),
    payee,
  };
}

function accountIn(element: XmlElement, name: string): string | undefined {
  return textAt(element, `${name}/Id/IBAN`) ?? textAt(element, `${name}/Id/Othr/Id`);
}

/** NbOfTxs and CtrlSum of the header; a sum of the numbers, whatever their currencies. */
function wrongTotals(header: XmlElement, groups: readonly OrderGroup[]): string | undefined {
  const items = groups.flatMap((group) => group.items);
  if (textAt(header, 'NbOfTxs') !== String(items.length)) return INVALID_COUNT;
  const control = textAt(header, 'CtrlSum');
  if (control === undefined) return undefined;
  const amounts = [control, ...items.map(({ amount }) => amount)];
  if (!amounts.every((amount) => AMOUNT.test(amount))) return INVALID_AMOUNT;
  const [sum = 0n, ...parts] = amounts.map((amount) => toMinor(amount, 5)!);
  return parts.reduce((total, part) => total + part, 0n) === sum ? undefined : INVALID_SUM;
}

function wrongAmount(groups: readonly OrderGroup[]): string | undefined {
  for (const { currency, items } of groups) {
    const exponent = exponentOf(currency);
    if (exponent === undefined) return 'AM03';
    const good = items.every(({ amount }) => AMOUNT.test(amount) && (toMinor(amount, exponent) ?? 0n) > 0n);
    if (!good) return INVALID_AMOUNT;
  }
  return undefined;
}

import { allAt, elementsOf, textAt, type XmlElement } from '@gpo/xml';
import type { Balance, Booking, Statement } from './statement.js';

const STATEMENTS: ReadonlyMap<string, { path: string; whole: boolean }> = new Map([
  ['BkToCstmrStmt', { path: 'Stmt', whole: true }],
  ['BkToCstmrDbtCdtNtfctn', { path: 'Ntfctn', whole: false }],
]);

/**
 * The statements in a camt.053 or camt.054 of any version: the elements used have the same names in all of them.
 * @param message the element below Document. @returns undefined for another message.
 */
export function readCamt(message: XmlElement): Statement[] | undefined {
  const kind = STATEMENTS.get(message.name);
  if (kind === undefined) return undefined;
  return elementsOf(message, kind.path).map((statement) => {
    const [opening, closing] = [balanceOf(statement, ['OPBD', 'PRCD']), balanceOf(statement, ['CLBD'])];
    return {
      id: textAt(statement, 'Id') ?? '',
      account: (textAt(statement, 'Acct/Id/IBAN') ?? textAt(statement, 'Acct/Id/Othr/Id') ?? '').replaceAll(
        ' ',
        '',
      ),
      whole: kind.whole,
      ...(opening === undefined ? {} : { opening }),
      ...(closing === undefined ? {} : { closing }),
      bookings: elementsOf(statement, 'Ntry').flatMap(bookingsOf),
    };
  });
}

function balanceOf(statement: XmlElement, types: readonly string[]): Balance | undefined {
  for (const type of types) {
    const found = elementsOf(statement, 'Bal').find((balance) => textAt(balance, 'Tp/CdOrPrtry/Cd') === type);
    const [amount] = found === undefined ? [] : elementsOf(found, 'Amt');
    const currency = amount?.attributes.Ccy;
    if (found === undefined || amount === undefined || currency === undefined) continue;
    const sign = textAt(found, 'CdtDbtInd') === 'DBIT' ? '-' : '';
    const on = dayOf(found, 'Dt');
    return { amount: `${sign}${amount.text.trim()}`, currency, ...(on === undefined ? {} : { on }) };
  }
  return undefined;
}

function dayOf(element: XmlElement, path: string): string | undefined {
  return (textAt(element, `${path}/Dt`) ?? textAt(element, `${path}/DtTm`))?.slice(0, 10);
}

/** Each transaction of a booking; the booking itself where it names none. */
function bookingsOf(entry: XmlElement): Booking[] {
  const details = allAt(entry, 'NtryDtls/TxDtls');
  const found = details.map((detail) => bookingOf(entry, detail, details.length === 1));
  const bookings = details.length === 0 ? [bookingOf(entry, undefined, true)] : found;
  return bookings.filter((booking) => booking !== undefined);
}

function bookingOf(entry: XmlElement, detail: XmlElement | undefined, alone: boolean): Booking | undefined {
  const amount = amountOf(detail, alone ? entry : undefined);
  const side = (detail && textAt(detail, 'CdtDbtInd')) ?? textAt(entry, 'CdtDbtInd');
  const currency = amount?.attributes.Ccy;
  if (amount === undefined || currency === undefined || (side !== 'DBIT' && side !== 'CRDT'))
    return undefined;
  return {
    direction: side === 'DBIT' ? 'debit' : 'credit',
    booked: (textAt(entry, 'Sts/Cd') ?? textAt(entry, 'Sts')) === 'BOOK',
    reversal: ['true', '1'].includes(textAt(entry, 'RvslInd') ?? ''),
    amount: amount.text.trim(),
    currency,
    ...given({
      bookedOn: dayOf(entry, 'BookgDt'),
      valueOn: dayOf(entry, 'ValDt'),
      reference: (detail && textAt(detail, 'Refs/AcctSvcrRef')) ?? textAt(entry, 'AcctSvcrRef'),
      endToEndId: detail && textAt(detail, 'Refs/EndToEndId'),
    }),
    ...movedOf(amount, detail, alone ? entry : undefined),
    ...returnOf(detail),
    ...(detail === undefined ? groupOf(entry) : {}),
  };
}

function returnOf(detail: XmlElement | undefined): Pick<Booking, 'code' | 'text'> {
  const returned = detail && elementsOf(detail, 'RtrInf')[0];
  if (returned === undefined) return {};
  const code = textAt(returned, 'Rsn/Cd') ?? textAt(returned, 'Rsn/Prtry');
  return given({ code, text: textAt(returned, 'AddtlInf') });
}

function groupOf(entry: XmlElement): Pick<Booking, 'group'> {
  const lines = Number(textAt(entry, 'NtryDtls/Btch/NbOfTxs'));
  const group = given({
    messageId: textAt(entry, 'NtryDtls/Btch/MsgId'),
    paymentInformationId: textAt(entry, 'NtryDtls/Btch/PmtInfId'),
    lines: Number.isSafeInteger(lines) ? lines : undefined,
  });
  return Object.keys(group).length === 0 ? {} : { group };
}

/** The amount as we instructed it, where the bank repeats it; a lone transaction may leave its amount to the booking. */
function amountOf(detail: XmlElement | undefined, entry: XmlElement | undefined): XmlElement | undefined {
  return (
    (detail && (allAt(detail, 'AmtDtls/InstdAmt/Amt')[0] ?? elementsOf(detail, 'Amt')[0])) ??
    (entry && elementsOf(entry, 'Amt')[0])
  );
}

/** The amount in the account's books, where it is another one than the amount as instructed. */
function movedOf(
  instructed: XmlElement,
  detail: XmlElement | undefined,
  entry: XmlElement | undefined,
): Pick<Booking, 'moved'> {
  const own =
    (entry && elementsOf(entry, 'Amt')[0]) ??
    (detail && (elementsOf(detail, 'Amt')[0] ?? allAt(detail, 'AmtDtls/TxAmt/Amt')[0]));
  const currency = own?.attributes.Ccy;
  if (own === undefined || currency === undefined) return {};
  const same = own.text.trim() === instructed.text.trim() && currency === instructed.attributes.Ccy;
  return same ? {} : { moved: { amount: own.text.trim(), currency } };
}

/** Only what there is: no field is undefined. */
function given<T extends Record<string, unknown>>(fields: T): { [K in keyof T]?: NonNullable<T[K]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}

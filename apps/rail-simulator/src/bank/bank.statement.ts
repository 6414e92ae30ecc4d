import { account, booking, tag, wrap } from './bank.answers.js';
import type { BankItem } from './bank.ledger.js';

const STATEMENT = 'urn:iso:std:iso:20022:tech:xsd:camt.053.001.08';

export interface StatementParts {
  currency: string;
  exponent: number;
  /** Balance before the first booking; minor units. */
  openingMinor: bigint;
  /** Items that were booked, also those that came back since. */
  items: readonly BankItem[];
  /** When it is made: ISO 8601. */
  at: string;
}

/** Everything that was ever booked on a customer's account in one currency, as a camt.053.001.08 with both balances. */
export function statementText({ currency, exponent, openingMinor, items, at }: StatementParts): string {
  const lines = items
    .flatMap((item) => [
      { day: item.bookedAt!, text: booking(item, 'debit', item.bookedAt!), minor: -item.minor },
      ...(item.returnedAt === undefined
        ? []
        : [{ day: item.returnedAt, text: booking(item, 'credit', item.returnedAt), minor: item.minor }]),
    ])
    .toSorted((one, other) => one.day.localeCompare(other.day));
  const closing = lines.reduce((sum, { minor }) => sum + minor, openingMinor);
  const balance = (code: string, minor: bigint, day: string): string =>
    wrap(
      'Bal',
      wrap('Tp', wrap('CdOrPrtry', tag('Cd', code))),
      `<Amt Ccy="${currency}">${decimal(minor < 0n ? -minor : minor, exponent)}</Amt>`,
      tag('CdtDbtInd', minor < 0n ? 'DBIT' : 'CRDT'),
      wrap('Dt', tag('Dt', day.slice(0, 10))),
    );
  const [first] = items;
  const body = wrap(
    `Document xmlns="${STATEMENT}"`,
    wrap(
      'BkToCstmrStmt',
      wrap('GrpHdr', tag('MsgId', `E${Date.parse(at)}`), tag('CreDtTm', at)),
      wrap(
        'Stmt',
        tag('Id', `E${Date.parse(at)}`),
        tag('CreDtTm', at),
        wrap('Acct', account(first?.group.payer ?? 'NOTPROVIDED'), tag('Ccy', currency)),
        balance('OPBD', openingMinor, lines[0]?.day ?? at),
        balance('CLBD', closing, at),
        ...lines.map(({ text }) => `\n${text}`),
      ),
    ),
  );
  return `<?xml version="1.0" encoding="UTF-8"?>\n${body}\n`;
}

function decimal(minor: bigint, exponent: number): string {
  const digits = minor.toString().padStart(exponent + 1, '0');
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

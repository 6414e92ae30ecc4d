import { endToEndId } from './iso20022.mapping.js';

export const RAIL_ID = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';

type Status = [status: string, code?: string];

export interface Report {
  messageId?: string;
  groupId?: string;
  file?: Status;
  group?: Status;
  items?: Status[];
  railIds?: string[];
}

/** A pain.002.001.10, as a bank writes it; the published schemas judge it in iso20022.status.spec.ts. */
export function report({
  messageId = 'M1',
  groupId = `${messageId}-1`,
  file,
  group,
  items = [],
  railIds = [RAIL_ID],
}: Report): string {
  const of = (tag: string, one: Status | undefined): string =>
    one === undefined
      ? ''
      : `<${tag}>${one[0]}</${tag}>${one[1] === undefined ? '' : `<StsRsnInf><Rsn><Cd>${one[1]}</Cd></Rsn></StsRsnInf>`}`;
  const inside = items.map(
    (one, index) =>
      `<TxInfAndSts><OrgnlEndToEndId>${endToEndId(railIds[index]!)}</OrgnlEndToEndId>${of('TxSts', one)}</TxInfAndSts>`,
  );
  const part =
    group === undefined && items.length === 0
      ? ''
      : `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${groupId}</OrgnlPmtInfId>${of('PmtInfSts', group)}${inside.join('')}</OrgnlPmtInfAndSts>`;
  return `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId><CreDtTm>2026-11-25T09:00:00Z</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>${messageId}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${of('GrpSts', file)}</OrgnlGrpInfAndSts>${part}</CstmrPmtStsRpt></Document>`;
}

export interface Booking {
  railId?: string;
  side?: 'DBIT' | 'CRDT';
  status?: string;
  amount?: string;
  currency?: string;
  reason?: string;
  reversal?: boolean;
  reference?: string;
}

/** One entry of a camt.053 or camt.054. */
export function booking({
  railId = RAIL_ID,
  side = 'DBIT',
  status = 'BOOK',
  amount = '10.50',
  currency = 'EUR',
  reason,
  reversal = false,
  reference = 'R1',
}: Booking): string {
  const money = `<Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${side}</CdtDbtInd>`;
  const returned = reason === undefined ? '' : `<RtrInf><Rsn><Cd>${reason}</Cd></Rsn></RtrInf>`;
  const details = `<TxDtls><Refs><EndToEndId>${endToEndId(railId)}</EndToEndId></Refs>${money}${returned}</TxDtls>`;
  return `<Ntry>${money}${reversal ? '<RvslInd>true</RvslInd>' : ''}<Sts><Cd>${status}</Cd></Sts><AcctSvcrRef>${reference}</AcctSvcrRef><BkTxCd/><NtryDtls>${details}</NtryDtls></Ntry>`;
}

/** A camt.054.001.08 with these entries. */
export function notification(...entries: string[]): string {
  const at = '<CreDtTm>2026-11-25T09:00:00Z</CreDtTm>';
  return `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>N1</MsgId>${at}</GrpHdr><Ntfctn><Id>N1</Id>${at}<Acct><Id><IBAN>NL41MOCK0000000001</IBAN></Id></Acct>${entries.join('')}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>`;
}

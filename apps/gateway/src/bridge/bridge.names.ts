import type { BridgeCode, ItemCode } from './bridge.codes.js';
import { isFields, textOf, type BridgeCall } from './bridge.message.js';

/** What versions of the Bridge API call by different names: amounts are quantities since 1.1, and ids are the client's. */
export interface BridgeNames {
  amount: string;
  total: string;
  currency: string;
  wrongTotal: BridgeCode;
  tooMuch: BridgeCode;
  wrongAmount: ItemCode;
  /** Ids are made by the client, who may leave out a name and ask for nothing to be paid (interface-a.md 2.5). */
  ofClient: boolean;
}

export const AMOUNTS: BridgeNames = {
  amount: 'disbursement_amount',
  total: 'total_disbursement_amount',
  currency: 'disbursement_currency_code',
  wrongTotal: 'INVALID_TOTAL_DISBURSEMENT_AMOUNT',
  tooMuch: 'TOTAL_DISBURSEMENT_AMOUNT_EXCEEDS_DECLARED',
  wrongAmount: 'INVALID_DISBURSEMENT_AMOUNT',
  ofClient: false,
};

export const QUANTITIES: BridgeNames = {
  amount: 'disbursement_quantity',
  total: 'total_disbursement_quantity',
  currency: 'measurement_unit',
  wrongTotal: 'INVALID_DISBURSEMENT_QUANTITY',
  tooMuch: 'TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED',
  wrongAmount: 'INVALID_DISBURSEMENT_QUANTITY',
  ofClient: true,
};

/** The names that a call uses: 1.1 has the header of 1.0, and only its fields tell it. */
export function namesOf({ form, message }: BridgeCall): BridgeNames {
  if (form === 'request') return QUANTITIES;
  const elements = Array.isArray(message) ? message : [message];
  const tells = ({ disbursement_id: id, ...fields }: Record<string, unknown>): boolean =>
    [QUANTITIES.amount, QUANTITIES.total].some((name) => Object.hasOwn(fields, name)) ||
    (textOf(id) !== undefined && !Object.hasOwn(fields, AMOUNTS.amount));
  return elements.some((element) => isFields(element) && tells(element)) ? QUANTITIES : AMOUNTS;
}

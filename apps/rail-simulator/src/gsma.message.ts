import { code as currencyRecord } from 'currency-codes';

/** Shapes of GSMA Mobile Money API 1.2 (disbursements), as far as the simulator speaks them. */
export interface Party {
  key: string;
  value: string;
}

export interface DisbursementBody {
  amount: string;
  currency: string;
  creditParty: Party[];
  debitParty: Party[];
  requestingOrganisationTransactionReference?: string;
  descriptionText?: string;
  metadata?: Party[];
}

/** components/schemas/errorObject; the field is spelt `errordescription` there. */
export interface ErrorObject {
  errorCategory: string;
  errorCode: string;
  errordescription: string;
  errorDateTime: string;
}

/** An answer with its HTTP status. */
export interface Answer {
  status: number;
  body: object;
}

export interface ErrorAnswer extends Answer {
  body: ErrorObject;
}

const STATUS: Readonly<Record<string, number>> = {
  businessRule: 400,
  validation: 400,
  authorisation: 401,
  identification: 404,
  internal: 500,
  serviceUnavailable: 503,
};

export function errorAnswer(errorCategory: string, errorCode: string, errordescription: string): ErrorAnswer {
  const body: ErrorObject = {
    errorCategory,
    errorCode,
    errordescription,
    errorDateTime: new Date().toISOString(),
  };
  return { status: STATUS[errorCategory] ?? 500, body };
}

export const UUID = /^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}$/;
const AMOUNT = /^([0]|([1-9][0-9]{0,17}))([.][0-9]{0,3}[1-9])?$/;

const digits = new Map<string, number | undefined>();

/** Decimals of a currency; undefined for an unknown code. */
export function exponentOf(currency: string): number | undefined {
  if (!digits.has(currency)) digits.set(currency, currencyRecord(currency)?.digits);
  return digits.get(currency);
}

/** Exact minor units; undefined when the text has more decimals than the currency. */
export function toMinor(amount: string, exponent: number): bigint | undefined {
  const [whole = '0', fraction = ''] = amount.split('.');
  if (fraction.length > exponent) return undefined;
  return BigInt(whole + fraction.padEnd(exponent, '0'));
}

export function fromMinor(minor: bigint, exponent: number): string {
  const text = minor.toString().padStart(exponent + 1, '0');
  const fraction = text.slice(text.length - exponent).replace(/0+$/, '');
  const whole = text.slice(0, text.length - exponent);
  return exponent === 0 || fraction === '' ? whole : `${whole}.${fraction}`;
}

/** The disbursement in a request body, or the error that the provider answers. */
export function readDisbursement(body: unknown): { body: DisbursementBody; minor: bigint } | Answer {
  if (!isRecord(body)) return errorAnswer('validation', 'formatError', 'The body is not an object.');
  const { amount, currency, creditParty, debitParty, metadata } = body;
  if (
    amount === undefined ||
    currency === undefined ||
    creditParty === undefined ||
    debitParty === undefined
  ) {
    return errorAnswer(
      'validation',
      'mandatoryValueNotSupplied',
      'amount, currency, creditParty, debitParty',
    );
  }
  if (typeof amount === 'string' && amount.startsWith('-'))
    return errorAnswer('validation', 'negativeValue', 'amount');
  if (typeof amount !== 'string' || !AMOUNT.test(amount))
    return errorAnswer('validation', 'formatError', 'amount');
  const exponent = typeof currency === 'string' ? exponentOf(currency) : undefined;
  if (typeof currency !== 'string' || exponent === undefined) {
    return errorAnswer('validation', 'currencyNotSupported', 'currency');
  }
  const minor = toMinor(amount, exponent);
  if (minor === undefined || minor === 0n) return errorAnswer('validation', 'formatError', 'amount');
  if (!isParties(creditParty, 10)) return errorAnswer('validation', 'formatError', 'creditParty');
  if (!isParties(debitParty, 10)) return errorAnswer('validation', 'formatError', 'debitParty');
  if (metadata !== undefined && !isParties(metadata, 20))
    return errorAnswer('validation', 'formatError', 'metadata');
  const texts = readTexts(body);
  if ('status' in texts) return texts;
  return {
    minor,
    body: {
      amount,
      currency,
      creditParty,
      debitParty,
      ...texts,
      ...(metadata === undefined ? {} : { metadata }),
    },
  };
}

function readTexts(body: Record<string, unknown>): Partial<DisbursementBody> | ErrorAnswer {
  const reference = optionalText(body.requestingOrganisationTransactionReference, 256);
  const description = optionalText(body.descriptionText, 160);
  if (reference === false) {
    return errorAnswer('validation', 'lengthError', 'requestingOrganisationTransactionReference');
  }
  if (description === false) return errorAnswer('validation', 'lengthError', 'descriptionText');
  return {
    ...(reference === undefined ? {} : { requestingOrganisationTransactionReference: reference }),
    ...(description === undefined ? {} : { descriptionText: description }),
  };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isParties(value: unknown, most: number): value is Party[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > most) return false;
  return value.every((item) => isRecord(item) && isShortText(item.key) && isShortText(item.value));
}

function isShortText(value: unknown): boolean {
  return typeof value === 'string' && value.length >= 1 && value.length <= 256;
}

/** False when it is there and not a text of that length. */
function optionalText(value: unknown, most: number): string | undefined | false {
  if (value === undefined) return undefined;
  return typeof value === 'string' && Array.from(value).length <= most ? value : false;
}

import { BadJson, isNumberText, parseExactInSlices, plain } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';

/** A call of the Bridge API 1.0: G2P Connect's envelope, whose header deployed clients fill with the word "string". */
export interface BridgeCall {
  messageId: string;
  action: string;
  /** Numbers as they were written (NumberText). */
  message: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a call. Key words are not checked, and neither is the header: Odoo's client misspells `signature`, and its header holds no
 * truth (interface-a.md 2.4).
 * @throws ApiError err.request.bad where it is no JSON object.
 */
export async function readCall(body: Buffer | undefined): Promise<BridgeCall> {
  let value: unknown;
  try {
    value = await parseExactInSlices(body ?? Buffer.alloc(0));
  } catch (error) {
    if (!(error instanceof BadJson)) throw error;
    throw new ApiError('err.request.bad', `The body cannot be read: ${error.message}`);
  }
  if (!isFields(value)) throw new ApiError('err.request.bad', 'The body is no JSON object.');
  const header = isFields(value.header) ? value.header : {};
  return {
    messageId: textOf(header.message_id) ?? '',
    action: textOf(header.action) ?? '',
    message: value.message,
  };
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isNumberText(value);
}

/** Longest text that is kept under its own name. */
const TEXT_MAX = 4096;

/** Text or a number as text; undefined for everything else, and for text of blanks or without end. */
export function textOf(value: unknown): string | undefined {
  const text = isNumberText(value) ? plain(value) : value;
  return typeof text === 'string' && text.trim() !== '' && text.length <= TEXT_MAX ? text : undefined;
}

/** A whole number from 0 to 2^31 - 1, also written as 3.0. */
export function wholeOf(value: unknown): number | undefined {
  const text = textOf(value);
  if (text === undefined || !/^\d{1,10}(?:\.0*)?$/.test(text)) return undefined;
  const number = Number(text);
  return number <= 2_147_483_647 ? number : undefined;
}

/** A number or text told back as the client wrote it; only told, never counted with. */
export function echoed(value: unknown): unknown {
  if (isNumberText(value)) return Number(plain(value));
  if (Array.isArray(value)) return value.map(echoed);
  if (isFields(value))
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, echoed(field)]));
  return value;
}

import { BadJson, isNumberText, parseExactInSlices, plain } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';

/** A call of the Bridge API, of any version. */
export interface BridgeCall {
  /** "message": G2P Connect's envelope, whose header deployed clients fill with the word "string". "request": that of 3.x. */
  form: 'message' | 'request';
  /** message_id, or request_id. */
  messageId: string;
  action: string;
  /** The client's name of a call that creates disbursements, the same when it is sent again (1.1 and 3.x). */
  controlId: string | undefined;
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
  if (isFields(value.request_body) || isFields(value.request_header)) return requestCall(value);
  const header = fieldsOf(value.header);
  return {
    form: 'message',
    messageId: textOf(header.message_id) ?? '',
    action: textOf(header.action) ?? '',
    controlId: controlOf(value[CONTROL_ID], value.message),
    message: value.message,
  };
}

const CONTROL_ID = 'disbursement_batch_control_id';
const CONTROL_ID_MAX = 255;

function requestCall({ request_header: header, request_body: body }: Fields): BridgeCall {
  const { request_payload: message, [CONTROL_ID]: controlId } = fieldsOf(body);
  return {
    form: 'request',
    messageId: textOf(fieldsOf(header).request_id) ?? '',
    action: '',
    controlId: controlOf(controlId, message),
    message,
  };
}

/** Some clients write it into each disbursement instead, where it counts if they are all the same. @throws ApiError where it is too long. */
function controlOf(own: unknown, message: unknown): string | undefined {
  const inLines = Array.isArray(message) ? message.map((item) => textOf(fieldsOf(item)[CONTROL_ID])) : [];
  const id = textOf(own) ?? (new Set(inLines).size === 1 ? inLines[0] : undefined);
  if ((id?.length ?? 0) > CONTROL_ID_MAX)
    throw new ApiError('err.request.bad', `A ${CONTROL_ID} has at most ${CONTROL_ID_MAX} characters.`);
  return id;
}

/** An object, or one without fields. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
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

import { ApiError } from '../api-error.js';

const REASON_MIN = 3;
const REASON_MAX = 500;
const NAME_MAX = 100;
const REFERENCE_MAX = 256;
/** Lines that one decision may name. */
export const REFERENCES_MAX = 10_000;
const UNPRINTABLE = /[\u0000-\u001f\u007f]/;
const LINE_MAX = 2_147_483_647;

/** The fields of a decision's body; none where it is no JSON object. */
export function readObject(body: Buffer | undefined): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse((body ?? Buffer.alloc(0)).toString('utf8'));
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** @throws ApiError err.request.bad where no reason is given. */
export function readReason({ reason }: Record<string, unknown>): string {
  const text = textWithin(reason, REASON_MIN, REASON_MAX);
  if (text === undefined)
    throw new ApiError(
      'err.request.bad',
      `Say why: {"reason": "..."} of ${REASON_MIN} to ${REASON_MAX} characters in one line.`,
    );
  return text;
}

/** The person who decides; undefined where the credential says enough. */
export function readName({ by }: Record<string, unknown>): string | undefined {
  if (by === undefined) return undefined;
  const text = textWithin(by, 1, NAME_MAX);
  if (text === undefined)
    throw new ApiError(
      'err.request.bad',
      `by must be a name of 1 to ${NAME_MAX} characters in one line, or absent.`,
    );
  return text;
}

/** The lines by their reference_id; undefined = the whole batch. */
export function readReferences({ reference_ids: list }: Record<string, unknown>): string[] | undefined {
  if (list === undefined) return undefined;
  const isReference = (item: unknown): item is string =>
    typeof item === 'string' && item !== '' && item.length <= REFERENCE_MAX && !item.includes('\u0000');
  if (!Array.isArray(list) || list.length === 0 || list.length > REFERENCES_MAX || !list.every(isReference))
    throw new ApiError(
      'err.request.bad',
      `reference_ids must be a list of 1 to ${REFERENCES_MAX} texts; leave it out for the whole batch.`,
    );
  return list;
}

/** Where a cancel of a large batch goes on. */
export function readAfter({ after = 0 }: Record<string, unknown>): number {
  if (typeof after !== 'number' || !Number.isInteger(after) || after < 0 || after > LINE_MAX)
    throw new ApiError('err.request.bad', 'after must be `next` of the answer before, or absent.');
  return after;
}

/** A trimmed text of one line within these lengths; undefined where it is none. */
export function textWithin(value: unknown, shortest: number, longest: number): string | undefined {
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  return text.length < shortest || text.length > longest || UNPRINTABLE.test(text) ? undefined : text;
}

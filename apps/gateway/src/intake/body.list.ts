import { DEPTH_MAX, Slices, cutListInSlices, parseExact } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { badJsonAsRefusal, objectOrNone } from './envelope.js';

/** Name of the object that holds the list, and of the list; the second is the specification's own misspelling (D1). */
export const LIST_OF = { parent: 'message', names: ['disbursements', 'disburemsents'] } as const;

/** Levels that an element may have: it stands in a list in an object in the document. */
export const ITEM_DEPTH_MAX = DEPTH_MAX - 3;

const ITEMS_PER_LOOK = 64;

/** The lines of a message as they lie in its body. Each is read when it is its turn, so that few are in memory at once. */
export class BodyLines implements Iterable<unknown> {
  constructor(
    private readonly body: Buffer,
    private readonly bounds: readonly number[],
  ) {}

  get count(): number {
    return this.bounds.length / 2;
  }

  /** @throws BadJson at the first that cannot be read. */
  *[Symbol.iterator](): Generator<unknown> {
    for (let index = 0; index < this.bounds.length; index += 2)
      yield parseExact(this.body.subarray(this.bounds[index], this.bounds[index + 1]), ITEM_DEPTH_MAX);
  }

  /** Reads all of them for nothing but their faults. @throws ApiError err.request.bad */
  async check(): Promise<void> {
    const slices = new Slices();
    let count = 0;
    try {
      for (const item of this) {
        count += item === undefined ? 0 : 1;
        if (count % ITEMS_PER_LOOK === 0 && slices.isOver) await slices.rest();
      }
    } catch (error) {
      throw badJsonAsRefusal(error);
    }
  }
}

/**
 * Cuts the lines out of the body of a disburse message.
 * @returns undefined where the body must be read as a whole, which gives the same result in more time and memory.
 * @throws ApiError
 */
export async function cutBody(
  body: Buffer | undefined,
  linesMax: number,
): Promise<{ value: Record<string, unknown>; items: BodyLines } | undefined> {
  if (body === undefined) return undefined;
  try {
    const cut = await cutListInSlices(body, LIST_OF.parent, LIST_OF.names, linesMax);
    if (cut === undefined) return undefined;
    if (cut.bounds.length > 2 * linesMax) throw tooManyLines(linesMax);
    const value = objectOrNone(cut.value);
    const message = objectOrNone(value?.[LIST_OF.parent]);
    // The right name counts where both are there, so the misspelt list must not be the one that was cut.
    if (
      value === undefined ||
      (cut.name === LIST_OF.names[1] && (message?.[LIST_OF.names[0]] ?? null) !== null)
    )
      return undefined;
    return { value, items: new BodyLines(body, cut.bounds) };
  } catch (error) {
    throw badJsonAsRefusal(error);
  }
}

export function tooManyLines(linesMax: number): ApiError {
  return new ApiError('rjct.total_count.limit_exceeded', `A message may hold ${linesMax} disbursements.`);
}

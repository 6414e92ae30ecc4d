import type { Type } from './types.js';
import type { Value } from './value.js';

/** One method of a helper such as #COLLECTION. */
export interface HelperMethod {
  /** Number of values in brackets, at least and at most. */
  counts: readonly [number, number];
  /** The type of the result. @throws BadArgument when the arguments do not fit. */
  result: (args: readonly Type[]) => Type;
  run: (args: Value[], now: () => number) => Value;
}

/** An argument of a helper does not fit; the sentence says what is needed. */
export class BadArgument extends Error {
  override readonly name = 'BadArgument';
}

import type { Value } from './spel/value.js';

type Fields = Record<string, Value>;

/** What a record still shares with the message it was made of. */
interface Passed {
  /** The message as it came, without its closing brace. */
  head: string;
  /** Fields that the rules added behind it. */
  added: readonly string[];
}

// Most rules pass a message on and add a field or two; its own text need not be written a second time.
const PASSED = Symbol('passed');
interface Passing {
  [PASSED]?: Passed | undefined;
}

/** @param text a message that, written again field by field, would mean the same. */
export function passText(fields: Fields, text: string): void {
  (fields as Passing)[PASSED] = { head: text.slice(0, text.lastIndexOf('}')), added: [] };
}

export function passedText(fields: Fields): Passed | undefined {
  return (fields as Passing)[PASSED];
}

/** Both records in one; the second wins where both have a field, and then the text is not passed. */
export function mergeFields(first: Fields, second: Fields): Fields {
  const merged = { ...first, ...second };
  (merged as Passing)[PASSED] = extended(first, second);
  return merged;
}

function extended(first: Fields, second: Fields): Passed | undefined {
  const passed = passedText(first);
  if (passed === undefined) return undefined;
  const { head, added } = passed;
  const names = Object.keys(second);
  if (names.some((name) => Object.hasOwn(first, name))) return undefined;
  return { head, added: [...added, ...names] };
}

import type { Value } from './spel/value.js';

type Fields = Record<string, Value>;

/** What a record still shares with the message it was made of. */
interface Passed {
  fields: Fields;
  /** The message as it came, without its closing brace. */
  head: string;
  /** Fields that the rules added behind it. */
  added: readonly string[];
}

/**
 * Most rules pass a message on and add a field or two; its own text need not be written a second time. Here stand the
 * message that is at work and the records made of it, and not on them: one message is run at a time, from its first node
 * to its last, and a mark on a record makes every copy of it four times as slow.
 */
let passing: Passed[] = [];

/** @param text a message that, written again field by field, would mean the same. */
export function passText(fields: Fields, text: string): void {
  passing = [{ fields, head: text.slice(0, text.lastIndexOf('}')), added: [] }];
}

export function passedText(fields: Fields): Passed | undefined {
  return passing.find((passed) => passed.fields === fields);
}

/** Both records in one; the second wins where both have a field, and then the text is not passed. */
export function mergeFields(first: Fields, second: Fields): Fields {
  const merged = bothIn(first, second);
  const passed = passedText(first);
  if (passed === undefined) return merged;
  const names = Object.keys(second);
  if (names.some((name) => Object.hasOwn(first, name))) return merged;
  passing.push({ fields: merged, head: passed.head, added: [...passed.added, ...names] });
  return merged;
}

/** Assigning is twice as fast as spreading; only a field named __proto__ must not be assigned. */
function bothIn(first: Fields, second: Fields): Fields {
  if (Object.hasOwn(first, '__proto__') || Object.hasOwn(second, '__proto__')) return { ...first, ...second };
  return Object.assign({}, first, second);
}

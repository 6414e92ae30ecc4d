/** A JSON number as it was written. It never becomes a float, and no text of a sender can be mistaken for one. */
export class NumberText {
  constructor(readonly text: string) {}

  /** Text again: a record that a reader cannot hold as a number (1e20000) must not become one. */
  toJSON(): string {
    return this.text;
  }
}

/** True for a value that was a number in the source. */
export function isNumberText(value: unknown): value is NumberText {
  return value instanceof NumberText;
}

/** The number's source text; text as it is. */
export function plain(value: NumberText | string): string {
  return typeof value === 'string' ? value : value.text;
}

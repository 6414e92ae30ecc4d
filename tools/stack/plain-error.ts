/** A failure that the user can mend: one sentence that says what to do. Shown without a stack trace. */
export class PlainError extends Error {
  override readonly name = 'PlainError';
}

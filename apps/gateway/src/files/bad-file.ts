/** The file as a whole cannot be read. The message is public, says what to do and holds no content of the file. */
export class BadFile extends Error {
  override readonly name = 'BadFile';
}

/** Longest row of a file, in bytes: more than any row needs, and little enough to keep memory flat. */
export const ROW_BYTES_MAX = 524_288;

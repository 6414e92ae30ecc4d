import type { Readable } from 'node:stream';

/** Signature, flags and the length of an extension that PostgreSQL never sends. */
const HEADER_BYTES = 19;

/**
 * Rows of `COPY ... TO STDOUT BINARY` (PostgreSQL manual, COPY, Binary Format): the fields of each as PostgreSQL's
 * send functions make them, undefined for null. They come as many at a time as the bytes that came hold, and lie in those
 * bytes: they are used at once or copied.
 */
export async function* binaryRows(bytes: Readable): AsyncGenerator<(Buffer | undefined)[][]> {
  let left: Buffer = Buffer.alloc(0);
  let headerRead = false;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    left = left.length === 0 ? chunk : Buffer.concat([left, chunk]);
    let at = 0;
    const rows: (Buffer | undefined)[][] = [];
    if (!headerRead) {
      if (left.length < HEADER_BYTES) continue;
      at = HEADER_BYTES;
      headerRead = true;
    }
    for (;;) {
      const end = endOfRow(left, at);
      if (end === undefined) break;
      if (end > at + 2) rows.push(fieldsOf(left, at));
      at = end;
    }
    left = left.subarray(at);
    if (rows.length > 0) yield rows;
  }
}

/** Where the row that begins here ends; undefined where its end has not come yet. The trailer is a row of no fields. */
function endOfRow(bytes: Buffer, start: number): number | undefined {
  if (bytes.length < start + 2) return undefined;
  let at = start + 2;
  for (let fields = bytes.readInt16BE(start); fields > 0; fields -= 1) {
    if (bytes.length < at + 4) return undefined;
    at += 4 + Math.max(bytes.readInt32BE(at), 0);
  }
  return at <= bytes.length ? at : undefined;
}

function fieldsOf(bytes: Buffer, start: number): (Buffer | undefined)[] {
  const fields: (Buffer | undefined)[] = [];
  let at = start + 2;
  for (let count = bytes.readInt16BE(start); count > 0; count -= 1) {
    const length = bytes.readInt32BE(at);
    at += 4;
    fields.push(length < 0 ? undefined : bytes.subarray(at, at + length));
    at += Math.max(length, 0);
  }
  return fields;
}

import type { OutRecord } from './record.js';

const RECORDS_MAX = 1000;
/** A send makes one record batch per partition, and brokers refuse batches over 1 MB by default: all of it stays below. */
const BYTES_MAX = 900_000;
/** What a record costs beside key, value and headers, at most. */
const RECORD_OVERHEAD_BYTES = 100;

/** Cuts records into sends of at most 1,000 records and 900 kB, in their order. A single larger record goes alone. */
export function sendChunks(records: readonly OutRecord[]): OutRecord[][] {
  const chunks: OutRecord[][] = [];
  let chunk: OutRecord[] = [];
  let bytes = 0;
  // Records made together share their headers.
  let headers: OutRecord['headers'];
  let headersSize = 0;
  for (const record of records) {
    if (record.headers !== headers) {
      headers = record.headers;
      headersSize = sizeOfHeaders(headers);
    }
    const { key, value } = record;
    const size =
      RECORD_OVERHEAD_BYTES + Buffer.byteLength(key ?? '') + Buffer.byteLength(value) + headersSize;
    if (chunk.length > 0 && (chunk.length === RECORDS_MAX || bytes + size > BYTES_MAX)) {
      chunks.push(chunk);
      chunk = [];
      bytes = 0;
    }
    chunk.push(record);
    bytes += size;
  }
  if (chunk.length > 0) chunks.push(chunk);
  return chunks;
}

function sizeOfHeaders(headers: OutRecord['headers'] = {}): number {
  let size = 0;
  for (const [name, text] of Object.entries(headers))
    size += Buffer.byteLength(name) + Buffer.byteLength(text) + 8;
  return size;
}

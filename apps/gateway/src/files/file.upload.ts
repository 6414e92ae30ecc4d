import { createHash } from 'node:crypto';
import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import type { IntakeLimits } from '../senders/sender.js';
import { PIECE_BYTES } from './file.repository.js';
import { scanOf, type FileFormat, type FileScan, type ScannedFile } from './file.scan.js';

/** A file that arrived whole and can be read to its end, with the other fields of its form. */
export interface Upload {
  fields: ReadonlyMap<string, string>;
  format: FileFormat;
  scanned: ScannedFile;
  /** SHA-256 of the bytes. */
  digest: Buffer;
  size: number;
}

type KeepPiece = (pieceNo: number, bytes: Buffer) => Promise<void>;
type ArrivedFile = Omit<Upload, 'fields'>;

const FIELD_BYTES_MAX = 4096;
const PARTS_MAX = 24;

/**
 * Reads a FileInfo form (G2P Connect) while it arrives: one file under any name, and text fields, which may also stand in
 * the query.
 * @param keep stores a piece; the next bytes are read when it has.
 * @throws ApiError, BadFile, BadJson
 */
export async function receiveFile(
  request: FastifyRequest,
  limits: IntakeLimits,
  keep: KeepPiece,
): Promise<Upload> {
  const fields = new Map<string, string>();
  for (const [name, value] of Object.entries(request.query as Record<string, unknown>))
    if (typeof value === 'string') fields.set(name, value);
  let file: ArrivedFile | undefined;
  const form = request.parts({
    limits: { fileSize: Infinity, fieldSize: FIELD_BYTES_MAX, files: 1, parts: PARTS_MAX },
  });
  for await (const part of readable(form)) {
    if (part.type === 'field') fields.set(part.fieldname, fieldText(part.value, part.valueTruncated));
    else file = await arrive(part, formatOf(part, fields), limits, keep);
  }
  if (file === undefined) throw new ApiError('err.request.bad', 'The form has no file: send it as fileName.');
  const { format } = file;
  if (readFormat(fields, format) !== format)
    throw new ApiError('err.request.bad', 'Put the field fileFormat before the file.');
  return { ...file, fields };
}

function fieldText(value: unknown, truncated: boolean): string {
  if (typeof value === 'string' && !truncated) return value;
  throw new ApiError('err.request.bad', `A form field must be text of at most ${FIELD_BYTES_MAX} bytes.`);
}

/** fileFormat, else what the part's type or name says; a file of neither is CSV. */
function formatOf({ mimetype, filename }: MultipartFile, fields: ReadonlyMap<string, string>): FileFormat {
  const isJson = /json/i.test(mimetype) || (!/csv/i.test(mimetype) && /\.json$/i.test(filename));
  return readFormat(fields, isJson ? 'json' : 'csv');
}

function readFormat(fields: ReadonlyMap<string, string>, otherwise: FileFormat): FileFormat {
  const given = fields.get('fileFormat')?.trim().toLowerCase() ?? '';
  if (given === '') return otherwise;
  if (given === 'csv' || given === 'json') return given;
  throw new ApiError('err.request.bad', 'The field fileFormat must be csv or json.');
}

async function arrive(
  part: MultipartFile,
  format: FileFormat,
  limits: IntakeLimits,
  keep: KeepPiece,
): Promise<ArrivedFile> {
  const pieces = new Pieces(keep);
  const scan: FileScan = scanOf(format, limits.file_rows);
  const hash = createHash('sha256');
  for await (const bytes of readable(part.file as AsyncIterable<Buffer>)) {
    if (pieces.size + bytes.length > limits.file_bytes)
      throw new ApiError('err.request.too_large', `A file may have ${limits.file_bytes} bytes.`);
    hash.update(bytes);
    scan.push(bytes);
    await pieces.add(bytes);
  }
  if (part.file.truncated) throw new ApiError('err.request.bad', 'The file did not arrive whole.');
  await pieces.end();
  return { format, scanned: scan.end(), digest: hash.digest(), size: pieces.size };
}

/** What the reader of forms trips over is the form's fault, not ours; errors of whoever takes the parts pass by. */
async function* readable<Part>(source: AsyncIterable<Part>): AsyncIterable<Part> {
  const parts = source[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await parts.next().catch(refuseForm);
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await parts.return?.();
  }
}

function refuseForm(cause: unknown): never {
  // Limits of the form speak for themselves (413).
  if ((cause as { statusCode?: unknown }).statusCode !== undefined) throw cause;
  throw new ApiError('err.request.bad', 'The form cannot be read to its end.', { cause });
}

/** Cuts what arrives into pieces of one size, so that a place in the file tells its piece. */
class Pieces {
  size = 0;
  private no = 0;
  private waiting: Buffer[] = [];
  private held = 0;

  constructor(private readonly keep: KeepPiece) {}

  async add(bytes: Buffer): Promise<void> {
    this.size += bytes.length;
    this.held += bytes.length;
    this.waiting.push(bytes);
    if (this.held < PIECE_BYTES) return;
    const whole = Buffer.concat(this.waiting);
    let from = 0;
    for (; whole.length - from >= PIECE_BYTES; from += PIECE_BYTES)
      await this.keepNext(whole.subarray(from, from + PIECE_BYTES));
    this.waiting = [whole.subarray(from)];
    this.held = whole.length - from;
  }

  async end(): Promise<void> {
    if (this.held > 0) await this.keepNext(Buffer.concat(this.waiting));
  }

  private async keepNext(bytes: Buffer): Promise<void> {
    await this.keep(this.no, bytes);
    this.no += 1;
  }
}

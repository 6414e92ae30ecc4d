import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { ZipFile } from 'yazl';

/** A file of a pack; its bytes are made when its turn comes. */
export interface PackFile {
  name: string;
  bytes: () => AsyncIterable<Buffer | string>;
}

export interface PackedFile {
  name: string;
  bytes: number;
  sha256: string;
}

const PIECE_BYTES = 1_048_576;

/**
 * A zip file of these files, one after the other, in pieces of about a mebibyte as they come.
 * @param last made when all others are in, from their sizes and hashes.
 * @param done told after each file. @throws what a file's bytes throw.
 */
export async function* zipped(
  files: readonly PackFile[],
  last: (packed: readonly PackedFile[]) => Promise<readonly { name: string; text: string }[]>,
  done: (packed: readonly PackedFile[]) => void,
): AsyncGenerator<Buffer> {
  const zip = new ZipFile();
  const out = zip.outputStream as Readable;
  zip.on('error', (error: Error) => out.destroy(error));
  void addAll(zip, files, last, done).catch((error: unknown) =>
    out.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  let piece: Buffer[] = [];
  let size = 0;
  for await (const chunk of out as AsyncIterable<Buffer>) {
    piece.push(chunk);
    size += chunk.length;
    if (size < PIECE_BYTES) continue;
    yield Buffer.concat(piece);
    piece = [];
    size = 0;
  }
  if (size > 0) yield Buffer.concat(piece);
}

/** One file is added when the one before has been read to its end: they share a connection. */
async function addAll(
  zip: ZipFile,
  files: readonly PackFile[],
  last: (packed: readonly PackedFile[]) => Promise<readonly { name: string; text: string }[]>,
  done: (packed: readonly PackedFile[]) => void,
): Promise<void> {
  const packed: PackedFile[] = [];
  for (const { name, bytes } of files) {
    const file = new Counted(bytes());
    const stream = Readable.from(file.chunks(), { objectMode: false });
    zip.addReadStream(stream, name);
    await new Promise<void>((resolve, reject) => {
      stream.once('end', resolve);
      stream.once('error', reject);
    });
    packed.push({ name, ...file.counted() });
    done(packed);
  }
  for (const { name, text } of await last(packed)) zip.addBuffer(Buffer.from(text), name);
  zip.end();
}

/** Counts and hashes what passes. */
class Counted {
  private readonly digest = createHash('sha256');
  private size = 0;

  constructor(private readonly source: AsyncIterable<Buffer | string>) {}

  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.source) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      if (bytes.length === 0) continue;
      this.digest.update(bytes);
      this.size += bytes.length;
      yield bytes;
    }
  }

  counted(): { bytes: number; sha256: string } {
    return { bytes: this.size, sha256: this.digest.digest('hex') };
  }
}

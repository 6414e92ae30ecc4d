import { readFile } from 'node:fs/promises';
import { headJson } from '@gpo/audit';
import { copyTexts, type Sql } from '@gpo/persistence';
import { batchLines } from '@gpo/reconciliation';
import { HISTORY, LINKS, type LastHeads } from './pack.chain.js';
import { LISTS, readStatementDigests, statementBytes, type ScopedBatch } from './pack.scope.js';
import { summaryHtml, type PackSummary } from './pack.html.js';
import type { PackFile } from './pack.zip.js';

const LINES_TOGETHER = 1_000;

export interface PackParts {
  batches: readonly ScopedBatch[];
  summary: PackSummary;
  heads: LastHeads;
  /** Public keys of the installation. */
  keys: readonly object[];
  /** Told of lines as they are written. */
  wrote: (lines: number) => void;
}

const VERIFIERS = ['verify_pack.py', 'pack_books.py', 'verify_export.py', 'ed25519.py'] as const;

/** Every file of a pack but its manifest, in the order in which they are written. @param sql the snapshot they are read in. */
export async function packFiles(sql: Sql, parts: PackParts): Promise<PackFile[]> {
  const { batches, summary, heads, keys, wrote } = parts;
  const lists = Object.entries(LISTS).map(([name, query]): PackFile => ({
    name,
    bytes: () => together(copyTexts(sql, query)),
  }));
  const statements = (await readStatementDigests(sql)).map(({ sha256 }): PackFile => ({
    name: `statements/${sha256}`,
    bytes: () => statementBytes(sql, sha256),
  }));
  return [
    { name: 'README.txt', bytes: () => once(() => Promise.resolve(README)) },
    ...VERIFIERS.map((name): PackFile => ({
      name: `verifier/${name}`,
      bytes: () => once(() => readFile(`tools/audit/${name}`)),
    })),
    { name: 'summary.html', bytes: () => once(() => Promise.resolve(summaryHtml(summary))) },
    {
      name: 'summary.json',
      bytes: () => once(() => Promise.resolve(`${JSON.stringify(summary, null, 2)}\n`)),
    },
    { name: 'keys.json', bytes: () => once(() => Promise.resolve(`${JSON.stringify({ keys })}\n`)) },
    ...batches.map(({ batch_id: id }): PackFile => ({
      name: `lines/${id}.jsonl`,
      bytes: () => linesOf(sql, id, wrote),
    })),
    ...lists,
    ...statements,
    { name: 'chain/history.jsonl', bytes: () => together(copyTexts(sql, HISTORY)) },
    { name: 'chain/links.jsonl', bytes: () => together(copyTexts(sql, LINKS)) },
    {
      name: 'chain/heads.jsonl',
      bytes: () =>
        once(() =>
          Promise.resolve(
            heads
              .all()
              .map((head) => `${JSON.stringify(headJson(head))}\n`)
              .join(''),
          ),
        ),
    },
  ];
}

async function* once(read: () => Promise<Buffer | string>): AsyncGenerator<Buffer | string> {
  yield await read();
}

async function* linesOf(sql: Sql, batchId: string, wrote: (lines: number) => void): AsyncGenerator<string> {
  for await (const texts of batchLines(sql, batchId)) {
    yield texts.map((text) => `${text}\n`).join('');
    wrote(texts.length);
  }
}

async function* together(texts: AsyncIterable<string>): AsyncGenerator<string> {
  let some: string[] = [];
  for await (const text of texts) {
    some.push(`${text}\n`);
    if (some.length < LINES_TOGETHER) continue;
    yield some.join('');
    some = [];
  }
  yield some.join('');
}

const README = `Auditor's pack of the G2P Payments Orchestrator

summary.html     to read and to print
summary.json     the same figures
manifest.json    every file of this pack with its size and SHA-256; manifest.jws is its signature (detached JWS), where the installation has a key
keys.json        public keys of the installation, as it publishes them under /api/v1/keys: compare them with those you know
batches.jsonl    the batches
lines/           the lines of each batch as they stand; their SHA-256 stands in a close-out
attempts.jsonl   every attempt to pay a line; bank-file-items.jsonl in which files and groups they went to a bank
bookings.jsonl   what statements tell of these payments; statements.jsonl of which statements; statements/ the files as they came, named by their SHA-256
breaks.jsonl     what rails and record did or do not agree about
close-outs.jsonl who closed and opened the batches, with what was signed
chain/           history of the lines, and proof that it was not edited: links of the audit chain, and heads that were published

To check all of it and to recompute every total, with Python 3.8 or later and nothing else:

    python3 verifier/verify_pack.py PACK.zip [HEADS_FILE ...]

Take the verifier from somewhere else than this pack if you do not trust who gave it to you. HEADS_FILE: heads of the chain that somebody else kept, such as
callbacks. Amounts named *_minor are in minor units; all others are decimal text. Times are UTC.
`;

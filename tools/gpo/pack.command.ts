import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import type { Command } from 'commander';
import { CommandFailed } from './command-failed.js';
import { askApi, readApi, readApiFile } from './gateway.api.js';

interface Pack {
  pack_id: string;
  state: 'asked' | 'making' | 'ready' | 'failed';
  files_done: number;
  files_total: number;
  lines_done: number;
  lines_total: number;
  bytes: number | null;
  sha256: string | null;
  message: string | null;
}

const LOOK_MS = 500;
const MISSING = 'There is no such batch or pack.';

/** @param findBatchId batch_id of a batch_id or transaction_id. */
export function addPackCommand(audit: Command, findBatchId: (name: string) => Promise<string>): void {
  audit
    .command('pack <file>')
    .description(
      "An auditor's pack: everything about a batch, or about the batches that were received on some days, in one zip file.",
    )
    .option('--batch <BATCH>', 'batch_id or transaction_id')
    .option('--from <YYYY-MM-DD>', 'the first day (UTC)')
    .option('--to <YYYY-MM-DD>', 'the last day (UTC)')
    .action(async (file: string, { batch, from, to }: { batch?: string; from?: string; to?: string }) => {
      const scope = batch === undefined ? { from, to } : { batch_id: await findBatchId(batch) };
      const asked = await askApi<Pack>('/api/v1/packs', scope, MISSING);
      const pack = await untilReady(asked.pack_id);
      await takeAway(pack, file);
      process.stdout.write(`${file}: ${pack.bytes} bytes, SHA-256 ${pack.sha256}\n`);
      process.stdout.write(`Check it: python3 tools/audit/verify_pack.py ${file}\n`);
    });
}

/** Shows how far it is. */
async function untilReady(id: string): Promise<Pack> {
  const bar = new SingleBar({
    format: '{bar} {value} of {total} lines, {files} files',
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(1, 0, { files: '0' });
  try {
    for (;;) {
      const pack = await readApi<Pack>(`/api/v1/packs/${id}`, MISSING);
      bar.setTotal(Math.max(pack.lines_total, 1));
      bar.update(pack.lines_done, { files: `${pack.files_done} of ${pack.files_total}` });
      if (pack.state === 'ready') return pack;
      if (pack.state === 'failed') throw new CommandFailed(pack.message ?? 'The pack failed.', 1);
      await sleep(LOOK_MS);
    }
  } finally {
    bar.stop();
  }
}

/** The file has its name when it is whole. */
async function takeAway({ pack_id: id, sha256 }: Pack, file: string): Promise<void> {
  const body = await readApiFile(`/api/v1/packs/${id}/file`, MISSING);
  const digest = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done): void {
      digest.update(chunk);
      done(null, chunk);
    },
  });
  const part = `${file}.part`;
  try {
    await pipeline(Readable.fromWeb(body), hashing, createWriteStream(part));
    if (digest.digest('hex') !== sha256)
      throw new CommandFailed('The file did not arrive as it was made.', 1);
    await rename(part, file);
  } finally {
    await rm(part, { force: true });
  }
}

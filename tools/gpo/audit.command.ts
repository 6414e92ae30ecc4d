import { mkdir, readdir } from 'node:fs/promises';
import type { Command } from 'commander';
import { checkHeads, exportChain, verifyChain, type Finding, type Head, type Period } from '@gpo/audit';
import { headsOfFile, publishedHeads } from './audit.heads.js';
import { findBatchId } from './batch.find.js';
import { CommandFailed } from './command-failed.js';
import { instant } from './instant.js';
import { addPackCommand } from './pack.command.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

const MEANINGS: Readonly<Record<Finding['kind'], string>> = {
  altered: 'this row is not as it was written, or another one stands in its place',
  missing: 'a row of this link is gone',
  added: 'this row was not written with its link',
  'link-altered': 'this link is not as it was written, or the one before it is not',
  'link-missing': 'this link is gone',
  'tail-missing': 'links from this one on are gone',
  'head-altered': 'the head does not name the last link',
  'purge-altered': 'what is told to be purged of this batch is not what its history says',
  recomputed: 'this link is not the one that was published: something after the last fitting one was changed',
};

interface VerifyOptions extends Period {
  published: boolean;
  heads?: string;
  json?: true;
}

export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('Proof that nothing was altered; docs/audit.md.');
  audit
    .command('verify')
    .description(
      'Recomputes every hash of the history from its rows, compares the published heads, and names what does not fit.\nExit code 1 where something does not.',
    )
    .option('--from <TIME>', 'only what was written from then on, 2026-03-01T00:00:00Z', instant)
    .option('--to <TIME>', 'only what was written before', instant)
    .option('--no-published', 'do not compare the heads that g2p.audit holds')
    .option('--heads <FILE>', 'also compare heads that somebody kept: one JSON object a line')
    .option('--json', 'as JSON')
    .action(verify);
  addPackCommand(audit, findBatchId);
  audit
    .command('export <FOLDER>')
    .description(
      'Writes history, links and published heads into a new folder, for a verifier of somebody else.',
    )
    .option('--from <TIME>', 'only what was written from then on', instant)
    .option('--to <TIME>', 'only what was written before', instant)
    .option('--no-published', 'without the heads that g2p.audit holds')
    .option('--json', 'as JSON')
    .action(async (folder: string, { json, published, ...period }: VerifyOptions) => {
      await mkdir(folder, { recursive: true });
      if ((await readdir(folder)).length > 0) throw new CommandFailed(`${folder} is not empty.`, 1);
      const files = await fromRecord((record) =>
        exportChain(record, folder, published ? publishedHeads() : none(), period),
      );
      print(
        files.map((file) => ({ ...file })),
        json === true,
      );
    });
}

async function verify({ json, published, heads: file, ...period }: VerifyOptions): Promise<void> {
  const started = performance.now();
  const { findings, heads, ...counts } = await fromRecord(async (record) => {
    const chain = await verifyChain(record, period);
    const checks = [
      ...(published ? [await checkHeads(record, publishedHeads())] : []),
      ...(file === undefined ? [] : [await checkHeads(record, headsOfFile(file))]),
    ];
    return {
      ...chain,
      heads: checks.reduce((sum, check) => sum + check.heads, 0),
      findings: [...chain.findings, ...checks.flatMap((check) => check.findings)],
    };
  });
  const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
  const summary = { verdict: findings.length === 0 ? 'intact' : 'not intact', ...counts, heads, seconds };
  if (json === true) print([{ ...summary, findings }], true);
  else {
    print([summary], false);
    const rows = findings.map(({ kind, chain = '', link = '', after = '', historyId = '', batchId = '' }) => {
      return { kind, chain, link, after, history_id: historyId, batch_id: batchId, meaning: MEANINGS[kind] };
    });
    if (rows.length > 0) print(rows, false);
    if (heads === 0)
      process.stdout.write(
        'No published head was compared: a chain that was recomputed as a whole is not seen.\n',
      );
  }
  if (findings.length > 0) process.exitCode = 1;
}

// eslint-disable-next-line @typescript-eslint/require-await -- nothing to wait for
async function* none(): AsyncGenerator<Head[]> {
  yield* [];
}

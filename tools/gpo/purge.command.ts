import type { Command } from 'commander';
import { findPurgeable, purgeBatch, type PurgeOrder } from '@gpo/audit';
import { CommandFailed } from './command-failed.js';
import { readDay } from './day.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

/** Records of topics, and what rails tell late, must find the attempts that they are about. */
const YOUNGEST_DAYS = 90;
const DAY_MS = 86_400_000;

interface Options {
  before: string;
  by: string;
  reason: string;
  unclosed?: true;
  dryRun?: true;
  json?: true;
}

export function addPurgeCommand(batch: Command): void {
  batch
    .command('purge')
    .description(
      'Removes the lines of batches that ended long ago, with everything about them; the proof of their history stays whole. Needs the DATABASE_URL of the owner.',
    )
    .requiredOption(
      '--before <YYYY-MM-DD>',
      `batches that completed before; at least ${YOUNGEST_DAYS} days ago`,
    )
    .requiredOption('--by <NAME>', 'who decides')
    .requiredOption('--reason <TEXT>', 'why; stands in the audit chain')
    .option('--unclosed', 'also batches without a close-out')
    .option('--dry-run', 'only say which')
    .option('--json', 'as JSON')
    .action(purge);
}

async function purge({ before: text, by: actor, reason, unclosed, dryRun, json }: Options): Promise<void> {
  const before = readDay('--before', text);
  if (Date.parse(before) > Date.now() - YOUNGEST_DAYS * DAY_MS)
    throw new CommandFailed(
      `--before must be at least ${YOUNGEST_DAYS} days ago: until then rails and topics may speak of its payments.`,
      2,
    );
  const order: PurgeOrder = { before, actor, reason, unclosed: unclosed === true };
  const rows = await fromRecord(
    async (record) => {
      const found = await findPurgeable(record, order);
      if (dryRun === true)
        return found.map(({ begun, ...one }) => ({ ...one, purged: begun ? 'begun' : 'no' }));
      const done: Record<string, unknown>[] = [];
      for (const { begun, ...one } of found) {
        const purged = await purgeBatch(record, { begun, ...one }, order);
        done.push({ ...one, purged: purged ? 'yes' : 'no: it changed' });
        process.stderr.write(`${one.transaction_id}: ${one.total_count} lines\n`);
      }
      return done;
    },
    { migrate: true },
  );
  print(rows, json === true);
}

import type { Command } from 'commander';
import { verifyChain, type Finding } from '@gpo/audit';
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
};

export function addAuditCommands(program: Command): void {
  program
    .command('audit')
    .description('Proof that nothing was altered; docs/audit.md.')
    .command('verify')
    .description(
      'Recomputes every hash of the history from its rows, and names what does not fit. Exit code 1 where something does not.',
    )
    .option('--json', 'as JSON')
    .action(async ({ json }: { json?: true }) => {
      const started = performance.now();
      const { findings, ...counts } = await fromRecord((record) => verifyChain(record));
      const seconds = Number(((performance.now() - started) / 1000).toFixed(1));
      const summary = { verdict: findings.length === 0 ? 'intact' : 'not intact', ...counts, seconds };
      if (json === true) print([{ ...summary, findings }], true);
      else {
        print([summary], false);
        const rows = findings.map(({ kind, chain = '', link = '', historyId = '' }) => {
          return { kind, chain, link, history_id: historyId, meaning: MEANINGS[kind] };
        });
        if (rows.length > 0) print(rows, false);
      }
      if (findings.length > 0) process.exitCode = 1;
    });
}

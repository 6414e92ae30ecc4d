import type { Command } from 'commander';
import { print } from './output.js';
import { fromRecord } from './record.js';

export function addLaneCommands(program: Command): void {
  program
    .command('lane')
    .description('Lanes: one configured connector each.')
    .command('list')
    .description('Every lane: open, held or stopped, why, and how many attempts wait and are open on it.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      const rows = await fromRecord((sql) =>
        sql.query<Record<string, unknown>[]>(
          `SELECT l.lane, l.state, coalesce(l.reason, '') AS reason, l.changed_at::text AS since,
                  (SELECT count(*)::int FROM attempt a WHERE a.lane = l.lane AND a.state = 'queued') AS queued,
                  (SELECT count(*)::int FROM attempt a WHERE a.lane = l.lane AND a.next_at IS NOT NULL
                      AND a.state IN ('sending', 'accepted', 'unknown')) AS open
             FROM lane l ORDER BY l.lane`,
        ),
      );
      print(rows, options.json === true);
    });
}

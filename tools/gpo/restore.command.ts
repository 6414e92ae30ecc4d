import type { Command } from 'commander';
import { beginRestore } from '@gpo/persistence';
import { instant } from './instant.js';
import { print, wholeNumber } from './output.js';
import { fromRecord } from './record.js';

interface BeginOptions {
  backupAt: string;
  by: string;
  reason: string;
  askFirstHours: number;
  json?: true;
}

const ASK_FIRST_HOURS = 72;

export function addRestoreCommands(program: Command): void {
  program
    .command('restore')
    .description('After a restore of PostgreSQL; docs/restore.md.')
    .command('begin')
    .description(
      'To be run on the restored database before any process starts on it: holds every lane, and has the rails asked for whatever\nmay have been paid since the backup before anything is sent.',
    )
    .requiredOption('--backup-at <TIME>', 'when the backup was made, 2026-03-01T18:00:00Z', instant)
    .requiredOption('--by <NAME>', 'who restores')
    .requiredOption('--reason <TEXT>', 'why')
    .option(
      '--ask-first-hours <N>',
      'for how long new attempts are asked for before they are sent: as long as senders repeat what was lost',
      wholeNumber,
      ASK_FIRST_HOURS,
    )
    .option('--json', 'as JSON')
    .action(async ({ backupAt, by: actor, reason, askFirstHours, json }: BeginOptions) => {
      const options = { backupAt, actor, reason, askFirstHours };
      const begun = await fromRecord((record) => beginRestore(record, options), { migrate: true });
      print([{ ...begun }], json === true);
      if (json !== true)
        process.stdout.write(
          'Start the processes now. Resume each lane when its books were compared: npm run gpo -- lane resume LANE\n',
        );
    });
}

import type { Command } from 'commander';
import { grantApplication } from '@gpo/persistence';
import { fromRecord } from './record.js';

export function addDatabaseCommands(program: Command): void {
  program
    .command('database')
    .description('Tables and rights of the PostgreSQL that DATABASE_URL names.')
    .command('grant <ROLE>')
    .description(
      'Brings the tables up to date and gives an existing role what the processes need: every table, but history and audit_link\nonly to read and to add. Run it as the owner of the tables, and the processes as ROLE; again after each upgrade.',
    )
    .action(async (role: string) => {
      await fromRecord((owner) => grantApplication(owner, role), { migrate: true });
      process.stdout.write(`${role} may do what the processes do, and cannot change history.\n`);
    });
}

import { ConsoleLogger, Logger } from '@nestjs/common';
import { Command } from 'commander';
import { CommandFailed } from './command-failed.js';

/** Each group is loaded when it is asked for: some of them need the database's and Kafka's clients, others nothing. */
const GROUPS: Readonly<Record<string, () => Promise<readonly ((program: Command) => void)[]>>> = {
  audit: async () => [(await import('./audit.command.js')).addAuditCommands],
  batch: async () => [(await import('./batch.command.js')).addBatchCommands],
  database: async () => [(await import('./database.command.js')).addDatabaseCommands],
  hold: async () => [(await import('./hold.command.js')).addHoldCommands],
  connector: async () => [(await import('./connector.command.js')).addConnectorCommands],
  callback: async () => [(await import('./callback.command.js')).addCallbackCommands],
  lane: async () => [(await import('./lane.command.js')).addLaneCommands],
  reconcile: async () => [(await import('./reconcile.command.js')).addReconcileCommands],
  restore: async () => [(await import('./restore.command.js')).addRestoreCommands],
  review: async () => [(await import('./review.command.js')).addReviewCommands],
  statement: async () => [(await import('./statement.command.js')).addStatementCommands],
  rules: async () => [
    (await import('./engine.command.js')).addEngineCommands,
    (await import('./rules.command.js')).addRulesCommands,
    (await import('./rules-deploy.command.js')).addRulesDeployCommands,
  ],
  topics: async () => [(await import('./topics.command.js')).addTopicsCommands],
  'dead-letters': async () => [(await import('./dead-letters.command.js')).addDeadLetterCommands],
};

/** What is printed is the answer alone, so that another program can read it; logs go beside it. */
class LogBeside extends ConsoleLogger {
  protected override printMessages(
    ...[messages, context, level]: Parameters<ConsoleLogger['printMessages']>
  ): void {
    super.printMessages(messages, context, level, 'stderr');
  }
}
Logger.overrideLogger(new LogBeside());

const program = new Command('npm run gpo --')
  .description('Operates an installation of the G2P Payments Orchestrator.')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 not found, 64 wrong words. Environment: GATEWAY_URL, GPO_TOKEN, GPO_OPERATOR_TOKEN, KAFKA_BROKERS,\nKAFKA_TOPIC_PREFIX, TOPICS_FILE, DATABASE_URL, SENDERS_FILE, SCENARIOS_DIR, NUSSKNACKER_URL, NUSSKNACKER_USER, NUSSKNACKER_PASSWORD;\nwithout them the stack that npm start runs on its default ports.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64));

const [, , asked = ''] = process.argv;
const chosen = Object.hasOwn(GROUPS, asked) ? [GROUPS[asked]!] : Object.values(GROUPS);
for (const load of chosen) for (const add of await load()) add(program);

try {
  await program.parseAsync(process.argv);
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof CommandFailed ? error.exitCode : 1);
}

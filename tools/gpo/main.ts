import { Command } from 'commander';
import { addBatchCommands } from './batch.command.js';
import { addCallbackCommands } from './callback.command.js';
import { addEngineCommands } from './engine.command.js';
import { addDeadLetterCommands } from './dead-letters.command.js';
import { addHoldCommands } from './hold.command.js';
import { addLaneCommands } from './lane.command.js';
import { addReviewCommands } from './review.command.js';
import { addRulesCommands } from './rules.command.js';
import { addRulesDeployCommands } from './rules-deploy.command.js';
import { addTopicsCommands } from './topics.command.js';
import { CommandFailed } from './command-failed.js';

const program = new Command('npm run gpo --')
  .description('Operates an installation of the G2P Payments Orchestrator.')
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 not found, 64 wrong words. Environment: GATEWAY_URL, GPO_TOKEN, GPO_OPERATOR_TOKEN, KAFKA_BROKERS,\nKAFKA_TOPIC_PREFIX, TOPICS_FILE, DATABASE_URL, SENDERS_FILE, SCENARIOS_DIR, NUSSKNACKER_URL, NUSSKNACKER_USER, NUSSKNACKER_PASSWORD;\nwithout them the stack that npm start runs on its default ports.',
  )
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 64));

addBatchCommands(program);
addHoldCommands(program);
addCallbackCommands(program);
addLaneCommands(program);
addReviewCommands(program);
addEngineCommands(program);
addRulesCommands(program);
addRulesDeployCommands(program);
addTopicsCommands(program);
addDeadLetterCommands(program);

try {
  await program.parseAsync(process.argv);
  process.exit(process.exitCode ?? 0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof CommandFailed ? error.exitCode : 1);
}

import { createReadStream, existsSync } from 'node:fs';
import type { Command } from 'commander';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { checkRules, checkText, shippedPlaces } from './rules.check.js';
import { diffRules, differenceText } from './rules.diff.js';
import { loadOrFail, rulesFor, scenarioFile } from './rules.folder.js';
import { readInput, type Input } from './rules.input.js';
import { runLines } from './rules.run.js';
import { trialText, troubled, tryRules } from './rules.try.js';

/** Exit code where the command did its work and found what the caller asked to be told of. */
const FOUND = 3;

const FORMS = `
FILE is a list (CSV with the columns reference_id, payee_fa, amount, currency_code and, if wanted, payer_fa,
payee_name, note, purpose, scheduled_timestamp), a G2P Connect disburse message or an array of its lines (JSON), or
records {"key", "value"} of any topic, one a line (.jsonl). Lists and messages are read as intake reads them, with the
rules of the sender. Neither Kafka nor PostgreSQL is needed; nothing is stored, published or paid.`;

interface InputFlags {
  sender?: string;
  topic?: string;
  lines: string;
  json?: true;
  exitCode?: true;
}

export function addRulesCommands(program: Command): void {
  // Other commands of `rules` may have been added before.
  const rules = program.commands.find((command) => command.name() === 'rules') ?? program.command('rules');
  rules.description(
    'The rules (Nussknacker scenarios): check, try, compare and run them; deploy; which engine routes.',
  );
  addCheck(rules);
  addTry(rules);
  addDiff(rules);
  addRun(rules);
}

function addCheck(rules: Command): void {
  rules
    .command('check [PATH]')
    .description(
      'Loads every scenario file of a folder (or one file), checks types, runs all vectors, finds untested edges.',
    )
    .option('--vectors <PATH>', 'what the scenarios must do: a folder, or one file', 'nussknacker/test-data')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExit codes: 0 all is well, 1 something is wrong, 2 there is no such path.')

    .action(async (path: string | undefined, flags: { vectors: string; json?: true }) => {
      const places =
        path === undefined
          ? shippedPlaces(config().scenariosFolder, flags.vectors)
          : [{ path, vectors: flags.vectors }];
      const checked = checkRules(places);
      await write(flags.json === true ? json(checked) : checkText(checked));
      if (checked.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function addTry(rules: Command): void {
  withInput(
    rules
      .command('try <FILE>')
      .description(
        'Dry run: which line of the file goes where, and why; lines and amounts per lane and per reason.',
      )
      .option('--rules <PATH>', "folder with scenario files, or one file (default: the installation's)"),
  )
    .option('--exit-code', `exit with ${FOUND} where a line is refused or a rule fails`)
    .action(async (file: string, flags: InputFlags & { rules?: string }) => {
      const input = await inputOf(file, flags);
      const trial = tryRules(
        rulesFor(flags.rules ?? config().scenariosFolder, input.topic),
        input,
        Date.now(),
      );
      await write(flags.json === true ? json(trial) : trialText(trial, count(flags.lines)));
      if (flags.exitCode === true && troubled(trial) > 0) process.exitCode = FOUND;
    });
}

function addDiff(rules: Command): void {
  withInput(
    rules
      .command('diff <OLD> <NEW>')
      .description(
        'What other rules would do differently with a file, line by line and in sums. OLD and NEW are files or folders.',
      )
      .requiredOption('--on <FILE>', 'the file that both are tried on'),
  )
    .option('--exit-code', `exit with ${FOUND} where a line changes`)
    .action(async (older: string, newer: string, flags: InputFlags & { on: string }) => {
      const input = await inputOf(flags.on, flags);
      const [before, after] = [rulesFor(older, input.topic), rulesFor(newer, input.topic)];
      const difference = diffRules(before, after, input, Date.now());
      await write(flags.json === true ? json(difference) : differenceText(difference, count(flags.lines)));
      if (flags.exitCode === true && difference.lines.length > 0) process.exitCode = FOUND;
    });
}

function addRun(rules: Command): void {
  rules
    .command('run <SCENARIO-FILE>')
    .description('Runs one scenario over JSON lines {"key", "value"} from standard input.')
    .option('--on <FILE>', 'read from a file instead')
    .option('--exit-code', `exit with ${FOUND} where a line goes to no topic`)
    .addHelpText(
      'after',
      `
Writes one JSON line for each line of input, in order: {"topic", "key", "value"}. topic is null, with "error" and
"node", where the record would go to the error topic or the line is unreadable; null without "error" where the scenario
ends the record. A scenario that splits a record gives its further results in "more". Keep standard output clean with
npm run --silent. Exit codes: 0 every line was answered, 1 the scenario is refused, 2 there is no such file.`,
    )
    .action(async (file: string, flags: { on?: string; exitCode?: true }) => {
      const { scenario } = loadOrFail(scenarioFile(file));
      if (flags.on !== undefined && !existsSync(flags.on))
        throw new CommandFailed(`There is no file ${flags.on}.`, 2);
      const input = flags.on === undefined ? process.stdin : createReadStream(flags.on);
      // The error of a closed pipe comes to the write that meets it as well.
      process.stdout.on('error', () => undefined);
      const unrouted = await runLines(scenario, input, process.stdout).catch(closedPipe);
      if (flags.exitCode === true && unrouted > 0) process.exitCode = FOUND;
    });
}

function withInput(command: Command): Command {
  return command
    .option('--sender <ID>', 'sender of the senders file (default: whom the message names, else the first)')
    .option('--topic <TOPIC>', 'topic that the records of a .jsonl file stand on (default g2p.request)')
    .option('--lines <N>', 'show at most N single lines', '40')
    .option('--json', 'as JSON, with every line')
    .addHelpText(
      'after',
      `${FORMS}\n\nExit codes: 0 done, 1 file or rules are unreadable, 2 there is no such file, topic or sender.`,
    );
}

function inputOf(file: string, { sender, topic }: InputFlags): Promise<Input> {
  const { sendersFile, linesMax } = config();
  return readInput(file, { sender, topic, sendersFile, linesMax });
}

function config(): ReturnType<typeof readGpoConfig> {
  return readGpoConfig(process.env);
}

function count(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new CommandFailed(`--lines must be a whole number, not "${text}".`, 1);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Resolves when all is written, also into a pipe that is read slowly. */
function write(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Who reads the answers has seen enough (`| head`): no fault, but not every line was answered. */
function closedPipe(error: unknown): number {
  if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error;
  process.exitCode = 1;
  return 0;
}

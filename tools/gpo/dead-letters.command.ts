import type { Command } from 'commander';
import { UUID } from '@gpo/g2p-connect-schemas';
import type { DataSource } from 'typeorm';
import { KafkaConnection, topicsOf } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import {
  LETTER_STATES,
  countLetters,
  decideLetters,
  lockOpenLetters,
  readLetters,
  type LetterFilter,
  type LetterRow,
  type LetterState,
} from '../../apps/gateway/src/dead-letters/dead-letter.repository.js';
import { replayLetters } from '../../apps/gateway/src/dead-letters/dead-letter.replay.js';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

interface FilterOptions {
  reason?: string;
  topic?: string;
  since?: string;
  until?: string;
  state?: string;
}

const DISCARD_AT_ONCE = 1000;

export function addDeadLetterCommands(program: Command): void {
  const letters = program
    .command('dead-letters')
    .description('Records that nobody could handle: why, and what becomes of them.');
  filters(letters.command('list'))
    .description('Counts by reason and topic, then the newest letters.')
    .option('--state <STATE>', `${LETTER_STATES.join(', ')} or all`, 'open')
    .option('--limit <N>', 'how many letters', '20')
    .option('--json', 'as JSON')
    .action((options: FilterOptions & { limit: string; json?: true }) => list(options));
  letters
    .command('show <letter>')
    .description('One letter whole, with the original record. It may hold names and accounts.')
    .option('--json', 'as JSON')
    .action((id: string, options: { json?: true }) => show(id, options.json === true));
  filters(letters.command('replay [letter...]'))
    .description('Puts open letters back on their own topic, as they were, once each.')
    .option('--all', 'every open letter that the filters let through')
    .requiredOption('--by <NAME>', 'who decides this')
    .option('--why <TEXT>', 'what was mended')
    .action((ids: string[], options: DecideOptions) => replay(ids, options));
  filters(letters.command('discard [letter...]'))
    .description('Closes open letters for good; nothing is deleted.')
    .option('--all', 'every open letter that the filters let through')
    .requiredOption('--by <NAME>', 'who decides this')
    .requiredOption('--why <TEXT>', 'why nothing is to happen')
    .action((ids: string[], options: DecideOptions) => discard(ids, options));
}

interface DecideOptions extends FilterOptions {
  all?: true;
  by: string;
  why?: string;
}

function filters(command: Command): Command {
  return command
    .option('--reason <REASON>', 'only with this reason (docs/errors.md)')
    .option('--topic <TOPIC>', 'only from this topic')
    .option('--since <TIME>', 'only from this time on, ISO 8601')
    .option('--until <TIME>', 'only before this time, ISO 8601');
}

function filterOf({ reason, topic, since, until, state }: FilterOptions): LetterFilter {
  const wanted = LETTER_STATES.find((one) => one === state);
  if (state !== undefined && state !== 'all' && wanted === undefined)
    throw new CommandFailed(`There is no state "${state}": ${LETTER_STATES.join(', ')} or all.`, 1);
  return {
    ...(wanted === undefined ? {} : { state: wanted satisfies LetterState }),
    ...(reason === undefined ? {} : { reason }),
    ...(topic === undefined ? {} : { topic }),
    ...(since === undefined ? {} : { since: timeOf(since) }),
    ...(until === undefined ? {} : { until: timeOf(until) }),
  };
}

function timeOf(text: string): Date {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new CommandFailed(`"${text}" is not a time such as 2026-11-24T08:00:00Z.`, 1);
  return time;
}

async function list(options: FilterOptions & { limit: string; json?: true }): Promise<void> {
  const limit = Number(options.limit);
  if (!Number.isInteger(limit) || limit < 1) throw new CommandFailed('--limit must be a whole number.', 1);
  const filter = filterOf(options);
  await fromRecord(async (database) => {
    const [counts, rows] = [await countLetters(database, filter), await readLetters(database, filter, limit)];
    if (options.json === true) {
      const letters = rows.map(summary);
      process.stdout.write(`${JSON.stringify({ counts, letters }, null, 2)}\n`);
      return;
    }
    print(
      counts.map((count) => ({ ...count })),
      false,
    );
    if (rows.length === 0) return;
    process.stdout.write('\n');
    print(rows.map(summary), false);
  });
}

/** Without the content: a list may be pasted anywhere. */
function summary(letter: LetterRow): Record<string, unknown> {
  const { letter_id, lettered_at, reason, detail, topic, record_partition, record_offset } = letter;
  return {
    letter: letter_id,
    at: lettered_at.toISOString(),
    state: letter.state,
    reason,
    from: `${topic}/${record_partition}/${record_offset}`,
    detail: detail ?? '',
    ...(letter.state === 'open'
      ? {}
      : { decided: `${letter.decided_by ?? ''}: ${letter.decided_why ?? ''}`.replace(/: $/, '') }),
  };
}

async function show(id: string, json: boolean): Promise<void> {
  await fromRecord(async (database) => {
    const [letter] = UUID.test(id) ? await readLetters(database, { letterIds: [id] }, 1) : [];
    if (letter === undefined) throw new CommandFailed(`There is no dead letter "${id}".`, 2);
    const { record, record_key, decided_at, decided_by, decided_why } = letter;
    const whole = {
      ...summary(letter),
      key: record_key?.toString('utf8') ?? null,
      value: record?.toString('utf8') ?? null,
      value_base64: record?.toString('base64') ?? null,
      decided_at: decided_at?.toISOString() ?? null,
      decided_by,
      decided_why,
    };
    if (json) return print([whole], true);
    for (const [name, value] of Object.entries(whole)) process.stdout.write(`${name}: ${value ?? ''}\n`);
  });
}

/** The letters that a command is about: those named, or with --all those that the filters let through. */
async function target(database: DataSource, ids: string[], options: DecideOptions): Promise<LetterFilter> {
  const filter = filterOf(options);
  if (ids.length === 0) {
    if (options.all !== true) throw new CommandFailed('Name letters, or say --all with filters.', 1);
    return { until: new Date(), ...filter };
  }
  if (options.all === true) throw new CommandFailed('Name letters or say --all, not both.', 1);
  const rows = await readLetters(database, { letterIds: ids.filter((id) => UUID.test(id)) }, ids.length);
  const found = new Map(rows.map((row) => [row.letter_id, row]));
  for (const id of ids) {
    const row = found.get(id);
    if (row === undefined) throw new CommandFailed(`There is no dead letter "${id}".`, 2);
    if (row.state !== 'open')
      throw new CommandFailed(
        `The dead letter ${id} was ${row.state} by ${row.decided_by ?? ''} at ${row.decided_at?.toISOString() ?? ''}.`,
        1,
      );
  }
  return { ...filter, letterIds: ids };
}

async function replay(ids: string[], options: DecideOptions): Promise<void> {
  const { kafka: settings, topicsFile } = readGpoConfig(process.env);
  const topics = topicsOf(topicsFile).map(({ name }) => name);
  await fromRecord(async (database) => {
    const filter = await target(database, ids, options);
    const kafka = new KafkaConnection(settings);
    const producer = kafka.producer();
    await producer.connect();
    try {
      const decision = { by: options.by, why: options.why ?? null };
      const { replayed, refused } = await replayLetters({ database, producer, topics }, filter, decision);
      process.stdout.write(`${replayed.length} letters replayed.\n`);
      for (const { letterId, why } of refused)
        process.stdout.write(`${letterId} was not replayed: ${why}.\n`);
      if (refused.length > 0) throw new CommandFailed(`${refused.length} letters were not replayed.`, 1);
    } finally {
      await producer.close();
    }
  });
}

async function discard(ids: string[], options: DecideOptions): Promise<void> {
  await fromRecord(async (database) => {
    const filter = await target(database, ids, options);
    const decision = { state: 'discarded', by: options.by, why: options.why ?? null } as const;
    const next = (): Promise<number> =>
      inTransaction(database, async (sql) => {
        const letters = await lockOpenLetters(sql, filter, DISCARD_AT_ONCE);
        const ids = letters.map(({ letter_id }) => letter_id);
        await decideLetters(sql, ids, decision);
        return ids.length;
      });
    let count = 0;
    for (let done = await next(); done > 0; done = await next()) count += done;
    process.stdout.write(`${count} letters discarded.\n`);
  });
}

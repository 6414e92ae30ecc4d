import type { Command } from 'commander';
import { decideApi, readApi } from './gateway.api.js';
import { print } from './output.js';

interface Lane {
  lane: string;
  state: string;
  paying: boolean;
  because: string[];
  changed_at: string;
  queued: number;
  sending: number;
  unresolved: number;
  review: number;
  [field: string]: unknown;
}

const MISSING = 'There is no such lane; see lane list.';

export function addLaneCommands(program: Command): void {
  const lane = program.command('lane').description('Lanes: one configured connector each; docs/lanes.md.');
  lane
    .command('list')
    .description('Every lane: open, held or stopped, why, and how many attempts wait and are open on it.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => {
      const { lanes } = await readApi<{ lanes: Lane[] }>('/api/v1/lanes', MISSING);
      print(options.json === true ? lanes : lanes.map(row), options.json === true);
    });
  lane
    .command('explain <name>')
    .description(
      'Why it is or is not paying now, when it opens, what waits, its limits, what happened to it.',
    )
    .option('--json', 'as JSON')
    .action(async (name: string, options: { json?: true }) => {
      const found = await readApi<Lane & { events: Record<string, unknown>[] }>(pathOf(name), MISSING);
      if (options.json === true) return print([found], true);
      const { because, events, ...fields } = found;
      process.stdout.write(`${because.map((sentence) => `${sentence}\n`).join('')}\n`);
      print(
        Object.entries(fields).map(([field, value]) => ({ field, value })),
        false,
      );
      print(events, false);
    });
  addDecision(lane, 'hold', 'Takes nothing more on it until it is resumed; nobody fails.');
  addDecision(lane, 'resume', 'Lets a held or stopped lane go on.');
}

function addDecision(lane: Command, verb: 'hold' | 'resume', description: string): void {
  lane
    .command(`${verb} <name>`)
    .description(`${description} GPO_OPERATOR_TOKEN says who decides.`)
    .requiredOption('--reason <TEXT>', 'why; stands in the record')
    .option('--json', 'as JSON')
    .action(async (name: string, { reason, json }: { reason: string; json?: true }) => {
      const path = `/api/v1/operator/lanes/${encodeURIComponent(name)}/${verb}`;
      const decided = await decideApi<Lane>(path, { reason }, MISSING);
      print(json === true ? [decided] : [row(decided)], json === true);
    });
}

function pathOf(name: string): string {
  return `/api/v1/lanes/${encodeURIComponent(name)}`;
}

function row({ lane, state, paying, because, changed_at, ...counts }: Lane): Record<string, unknown> {
  const { queued, sending, unresolved, review } = counts;
  const why = because[0] ?? '';
  return {
    lane,
    state,
    paying: paying ? 'yes' : 'no',
    queued,
    sending,
    unresolved,
    review,
    since: changed_at,
    why,
  };
}

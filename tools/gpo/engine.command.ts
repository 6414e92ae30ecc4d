import { hostname } from 'node:os';
import { Argument, type Command } from 'commander';
import type { DataSource } from 'typeorm';
import {
  EngineRefused,
  createDataSource,
  readRoutingEngine,
  runMigrations,
  switchRoutingEngine,
  type EngineName,
} from '@gpo/persistence';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { print } from './output.js';

// Migrations hold their lock on a connection of its own.
const POOL = 2;

const ENGINES: readonly string[] = ['embedded', 'nussknacker'] satisfies EngineName[];

/** `rules engine show|switch`. Other commands of `rules` may have been added before. */
export function addEngineCommands(program: Command): void {
  const rules =
    program.commands.find((command) => command.name() === 'rules') ??
    program.command('rules').description('The rules: scenario files, and the engine that runs them.');
  const engine = rules
    .command('engine')
    .description('Which engine routes: the embedded router, or a real Nussknacker; never both.');
  engine
    .command('show')
    .description('The engine that routes, since when, and how many routers hold it now.')
    .option('--json', 'as JSON')
    .action((options: { json?: true }) =>
      withDatabase(async (dataSource) => {
        const current = await readRoutingEngine(dataSource);
        const row = current ?? {
          engine: 'none yet; the first that starts',
          instance: '',
          since: null,
          routers: 0,
        };
        print([{ ...row }], options.json === true);
      }),
    );
  engine
    .command('switch')
    .description('Hands routing to another engine. Stop the one that routes first.')
    .addArgument(new Argument('<engine>', 'the engine that is to route').choices(ENGINES))
    .action((name: EngineName) =>
      withDatabase(async (dataSource) => {
        process.stdout.write(`${await change(dataSource, name)}\n`);
      }),
    );
}

async function change(dataSource: DataSource, engine: EngineName): Promise<string> {
  try {
    const changed = await switchRoutingEngine(dataSource, { engine, instance: `switched on ${hostname()}` });
    return changed
      ? `The engine "${engine}" routes from now on. Start it; what is waiting in Kafka is read by it.`
      : `The engine "${engine}" routes already; nothing was changed.`;
  } catch (error) {
    if (error instanceof EngineRefused) throw new CommandFailed(error.message, 1);
    throw error;
  }
}

async function withDatabase(work: (dataSource: DataSource) => Promise<void>): Promise<void> {
  const dataSource = await createDataSource(readGpoConfig(process.env).databaseUrl, POOL).initialize();
  try {
    await runMigrations(dataSource);
    await work(dataSource);
  } finally {
    await dataSource.destroy();
  }
}

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Option, type Command } from 'commander';
import type { DesignerSettings } from '../nussknacker/designer.client.js';
import { DEPLOY_TIMEOUT_MS, deployTo, withDesigner } from '../nussknacker/designer.session.js';
import { asRoutingEngine } from '../nussknacker/routing-record.js';
import { readScenarioSources } from '../nussknacker/scenario-source.js';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';
import { print } from './output.js';
import { fromRecord } from './record.js';

interface DeployFlags {
  export?: true;
  timeout: string;
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** The part of `rules` that needs a real Nussknacker. */
export function addRulesDeployCommands(program: Command): void {
  const rules =
    program.commands.find((command) => command.name() === 'rules') ??
    program.command('rules').description('Scenarios: the rules that choose lanes and retries.');
  rules
    .command('deploy [scenario...]')
    .description(
      'Brings scenario files (all, or the named ones) to Nussknacker: creates or updates, validates, saves, deploys, and waits until each consumes.',
    )
    .option('--export', "the other way: writes the Designer's newest saved versions into the scenario files")
    .addOption(
      new Option('--timeout <SECONDS>', 'longest wait for the Designer, and for each scenario').default(
        String(DEPLOY_TIMEOUT_MS / 1000),
      ),
    )
    .action(async (names: string[], flags: DeployFlags) => {
      if (flags.export === true) await exportScenarios(names);
      else await deploy(names, seconds(flags.timeout));
    });
  rules
    .command('errors')
    .description('What Nussknacker could not handle in the last 30 days, by scenario, node and reason.')
    .option('--json', 'as JSON')
    .action(async (options: { json?: true }) => print(await ruleErrors(), options.json === true));
}

function seconds(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new CommandFailed(`--timeout must be a number of seconds above 0, not "${text}".`, 1);
}

function designerSettings(): DesignerSettings {
  const { nussknackerUrl, nussknackerUser, nussknackerPassword } = readGpoConfig(process.env);
  return { url: nussknackerUrl, user: nussknackerUser, password: nussknackerPassword };
}

async function deploy(names: readonly string[], timeoutSeconds: number): Promise<void> {
  const { kafka, scenariosFolder, databaseUrl } = readGpoConfig(process.env);
  const sources = readScenarioSources(scenariosFolder, names);
  const designer = designerSettings();
  await asRoutingEngine(databaseUrl, designer.url, sources, () =>
    deployTo(designer, kafka, sources, { say, timeoutMs: timeoutSeconds * 1000 }),
  );
}

/** A file is replaced whole, so that a router that reads the folder never sees half of it. */
async function exportScenarios(names: readonly string[]): Promise<void> {
  const targets = exportTargets(names);
  await withDesigner(designerSettings(), async (designer) => {
    for (const { name, file } of targets) {
      const text = await designer.export(name);
      if (existsSync(file) && readFileSync(file, 'utf8') === text) {
        say(`${name}: ${file} is the Designer's version already.`);
        continue;
      }
      writeFileSync(`${file}.new`, text);
      renameSync(`${file}.new`, file);
      say(`${name}: written to ${file}.`);
    }
  });
}

/** The files of the folder; a name without a file is a scenario that was made in the Designer. */
function exportTargets(names: readonly string[]): { name: string; file: string }[] {
  const { scenariosFolder } = readGpoConfig(process.env);
  const known = readScenarioSources(scenariosFolder);
  if (names.length === 0) return known;
  return names.map((name) => {
    const found = known.find((source) => source.name === name);
    if (found !== undefined) return found;
    if (!/^[A-Za-z0-9 _-]+$/.test(name)) throw new CommandFailed(`"${name}" cannot be a file name.`, 1);
    return { name, file: join(scenariosFolder, `${name}.json`) };
  });
}

async function ruleErrors(): Promise<Record<string, unknown>[]> {
  return fromRecord((sql) =>
    sql.query<Record<string, unknown>[]>(
      `SELECT scenario, node, left(message, 200) AS reason, count(*)::int AS messages,
              min(happened_at)::text AS first_at, max(happened_at)::text AS last_at,
              (array_agg(source_key ORDER BY happened_at DESC) FILTER (WHERE source_key IS NOT NULL))[1] AS newest_key
         FROM rule_error GROUP BY scenario, node, left(message, 200) ORDER BY max(happened_at) DESC LIMIT 200`,
    ),
  );
}

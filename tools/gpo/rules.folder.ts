import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { ScenarioRefused, loadScenario, type Scenario, type ScenarioFile } from '@gpo/scenario';
import { CommandFailed } from './command-failed.js';

/** One scenario file, and what the engine made of it. */
export interface Rules {
  /** As the user can open it. */
  path: string;
  /** Path below the folder that was asked for; the file's name where a file was asked for. */
  name: string;
  file: ScenarioFile;
  scenario: Scenario;
}

/** Scenario files at a path: the file itself, or those of the folder, and below it where `deep`. @throws CommandFailed */
export function scenarioFiles(path: string, deep: boolean): { path: string; name: string }[] {
  if (!existsSync(path)) throw new CommandFailed(`There is no file or folder ${path}.`, 2);
  if (!statSync(path).isDirectory()) return [{ path, name: basename(path) }];
  const names = readdirSync(path, { recursive: deep })
    .map(String)
    .filter((name) => name.endsWith('.json'))
    .sort();
  if (names.length === 0) throw new CommandFailed(`There is no scenario file (*.json) in ${path}.`, 2);
  return names.map((name) => ({ path: join(path, name), name }));
}

/** @throws CommandFailed where the path is not one file. */
export function scenarioFile(path: string): { path: string; name: string } {
  if (existsSync(path) && statSync(path).isDirectory())
    throw new CommandFailed(`${path} is a folder: name one scenario file.`, 1);
  return scenarioFiles(path, false)[0]!;
}

/** @throws ScenarioRefused with every problem. */
export function loadRules({ path, name }: { path: string; name: string }): Rules {
  let file: ScenarioFile;
  try {
    file = JSON.parse(readFileSync(path, 'utf8').replace(/^\ufeff/, '')) as ScenarioFile;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ScenarioRefused(path, [{ node: '', message: `the file is not JSON: ${reason}` }]);
  }
  return { path, name, file, scenario: loadScenario(file, path, topicSchemas()) };
}

/**
 * The one scenario at this path that reads the topic.
 * @throws CommandFailed where a file is refused, or none or several read the topic.
 */
export function rulesFor(path: string, topic: string): Rules {
  const found = scenarioFiles(path, false)
    .map(loadOrFail)
    .filter(({ scenario }) => scenario.sourceTopic === topic);
  const [rules, second] = found;
  if (rules === undefined) throw new CommandFailed(`No scenario in ${path} reads the topic ${topic}.`, 2);
  if (second !== undefined) {
    throw new CommandFailed(
      `${rules.path} and ${second.path} both read ${topic}: keep one of them in the folder.`,
      1,
    );
  }
  return rules;
}

/** @throws CommandFailed with the sentences of ScenarioRefused. */
export function loadOrFail(place: { path: string; name: string }): Rules {
  try {
    return loadRules(place);
  } catch (error) {
    if (error instanceof ScenarioRefused) throw new CommandFailed(error.message, 1);
    throw error;
  }
}

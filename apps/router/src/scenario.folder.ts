import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { scenarioHeader } from '@gpo/messaging';
import {
  ScenarioRefused,
  canonicalJson,
  identifyScenario,
  loadScenario,
  type Scenario,
  type ScenarioFile,
  type ScenarioIdentity,
} from '@gpo/scenario';

/** A scenario that is ready to run, and the text of the file it was made from. */
export interface LoadedScenario {
  file: string;
  text: string;
  scenario: Scenario;
  identity: ScenarioIdentity;
  /** The file in canonical form, as it is recorded. */
  canonical: string;
  /** Headers of every record that these rules write. */
  headers: Readonly<Record<string, string>>;
  activeFrom: Date;
}

/** The text of every scenario file of a folder, by file name. @throws Error where the folder cannot be read. */
export function readScenarioTexts(folder: string): Map<string, string> {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
    .sort();
  return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

/**
 * Parses and compiles one file completely.
 * @throws ScenarioRefused with a sentence per problem where it cannot be run exactly as Nussknacker would run it.
 */
export function loadScenarioText(file: string, text: string): LoadedScenario {
  const parsed = parse(file, text);
  const scenario = loadScenario(parsed, file, topicSchemas());
  const identity = identifyScenario(parsed, file);
  return {
    file,
    text,
    scenario,
    identity,
    canonical: canonicalJson(parsed),
    headers: scenarioHeader(identity.scenario, identity.version),
    activeFrom: new Date(),
  };
}

/**
 * Loads every scenario file of a folder.
 * @throws Error with a sentence per problem, also where two files read one topic or have one name.
 */
export function loadScenarios(folder: string): LoadedScenario[] {
  const texts = readScenarioTexts(folder);
  if (texts.size === 0) throw new Error(`There is no scenario file in ${folder}; set SCENARIOS_DIR.`);
  const scenarios = [...texts].map(([file, text]) => loadScenarioText(file, text));
  const topic = firstTwice(scenarios.map(({ scenario }) => scenario.sourceTopic));
  if (topic !== undefined)
    throw new Error(`Two scenario files in ${folder} read ${topic}; a request would be paid by both.`);
  const name = firstTwice(scenarios.map(({ identity }) => identity.scenario));
  if (name !== undefined) throw new Error(`Two scenario files in ${folder} are called ${name}; rename one.`);
  return scenarios;
}

function firstTwice(values: readonly string[]): string | undefined {
  return values.find((value, index) => values.indexOf(value) !== index);
}

function parse(file: string, text: string): ScenarioFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new ScenarioRefused(file, [{ node: '', message: `the file is not JSON: ${String(cause)}` }]);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new ScenarioRefused(file, [{ node: '', message: 'the file is not a JSON object' }]);
  return parsed;
}

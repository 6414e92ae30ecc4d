import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { ScenarioRefused, loadScenario, type Scenario, type ScenarioFile } from '@gpo/scenario';

/**
 * Loads every scenario file of a folder.
 * @throws Error with a sentence per problem when a file cannot be run exactly as Nussknacker would, or two files read one topic.
 */
export function loadScenarios(folder: string): Scenario[] {
  const schemas = topicSchemas();
  const names = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort();
  if (names.length === 0) throw new Error(`There is no scenario file in ${folder}; set SCENARIOS_DIR.`);
  const scenarios = names.map((name) => loadScenario(readFile(folder, name), name, schemas));
  const topics = scenarios.map(({ sourceTopic }) => sourceTopic);
  const twice = topics.find((topic, index) => topics.indexOf(topic) !== index);
  if (twice !== undefined)
    throw new Error(`Two scenario files in ${folder} read ${twice}; a request would be paid by both.`);
  return scenarios;
}

function readFile(folder: string, name: string): ScenarioFile {
  try {
    return JSON.parse(readFileSync(join(folder, name), 'utf8')) as ScenarioFile;
  } catch (cause) {
    throw new ScenarioRefused(name, [{ node: '', message: `the file is not JSON: ${String(cause)}` }]);
  }
}

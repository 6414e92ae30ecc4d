import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { ScenarioRefused, type Problem } from '@gpo/scenario';
import { loadRules, scenarioFiles, type Rules } from './rules.folder.js';
import { holds, prove, type Proof } from './rules.proof.js';
import { readVectors } from './rules.vectors.js';

/** What was found about one scenario file. `ok` only where it loads and its vectors prove all of it. */
export interface Checked {
  file: string;
  ok: boolean;
  /** Sentences, each with what to do. */
  problems: string[];
  /** What the engine refuses, with node, expression and position. */
  refused?: readonly Problem[];
  proof?: Proof;
}

/** A scenario file or a folder of them, and its vectors: the folder with files of the same names, or one file. */
export interface RulesPlace {
  path: string;
  vectors: string;
}

/** The examples that are shipped beside the scenarios; their vectors stand below those of the scenarios. */
export const EXAMPLES = 'nussknacker/examples';

/** The scenarios of an installation, and the shipped examples. */
export function shippedPlaces(scenarios: string, vectors: string): RulesPlace[] {
  const examples = { path: EXAMPLES, vectors: join(vectors, basename(EXAMPLES)) };
  return [{ path: scenarios, vectors }, ...(existsSync(EXAMPLES) ? [examples] : [])];
}

/** Loads every scenario file at the places and below, runs the vectors, and finds vectors without a scenario. */
export function checkRules(places: readonly RulesPlace[]): Checked[] {
  const expected = new Set<string>();
  const checked = places.flatMap((place) => checkPlace(place, expected));
  return [...checked, ...strayVectors(places, expected)];
}

/** @param expected filled with the vectors files that should be there. */
function checkPlace({ path, vectors }: RulesPlace, expected: Set<string>): Checked[] {
  const loaded: Rules[] = [];
  const checked = scenarioFiles(path, true).map((place): Checked => {
    const vectorsFile = isFile(vectors) ? vectors : join(vectors, place.name);
    expected.add(vectorsFile);
    try {
      const rules = loadRules(place);
      loaded.push(rules);
      return checkVectors(rules, vectorsFile);
    } catch (error) {
      if (!(error instanceof ScenarioRefused)) throw error;
      return { file: place.path, ok: false, problems: [error.message], refused: error.problems };
    }
  });
  return [...checked, ...sharedTopics(loaded)];
}

function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function checkVectors(rules: Rules, path: string): Checked {
  const failed = (problem: string): Checked => ({ file: rules.path, ok: false, problems: [problem] });
  if (!existsSync(path)) {
    return failed(
      `There are no vectors for this scenario: write down in ${path} what it must do with each message.`,
    );
  }
  let proof: Proof;
  try {
    proof = prove(rules, readVectors(path));
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error));
  }
  return { file: rules.path, ok: holds(proof), problems: sentences(proof, path), proof };
}

function sentences({ broken, untested, wrongClaims }: Proof, path: string): string[] {
  return [
    ...broken.map(({ name, problems }) => `The vector "${name}" does not hold: ${problems.join('; ')}.`),
    ...untested.map(({ words }) => `No vector in ${path} takes ${words}: add one.`),
    ...wrongClaims.map((claim) => `${path}: ${claim}.`),
  ];
}

/** Of two scenarios of one folder that read one topic, each would route every record: it would be paid by both. */
function sharedTopics(loaded: readonly Rules[]): Checked[] {
  const seen = new Map<string, Rules>();
  return loaded.flatMap((rules): Checked[] => {
    const place = `${dirname(rules.path)}|${rules.scenario.sourceTopic}`;
    const first = seen.get(place);
    seen.set(place, rules);
    if (first === undefined) return [];
    const problem = `It reads ${rules.scenario.sourceTopic}, as ${first.path} does: keep one of them in the folder.`;
    return [{ file: rules.path, ok: false, problems: [problem] }];
  });
}

/**
 * Vectors whose scenario is gone would say nothing and look as if they did. Vectors of the examples belong to the
 * examples, also where only a folder of other scenarios is checked.
 */
function strayVectors(places: readonly RulesPlace[], expected: ReadonlySet<string>): Checked[] {
  const folders = places.filter(
    ({ path, vectors }) => !isFile(path) && existsSync(vectors) && !isFile(vectors),
  );
  return folders.flatMap(({ path, vectors }) =>
    readdirSync(vectors, { recursive: true })
      .map(String)
      .filter((name) => name.endsWith('.json') && !expected.has(join(vectors, name)))
      .filter((name) => !existsSync(join(dirname(EXAMPLES), name)) || !name.startsWith(basename(EXAMPLES)))
      .map((name) => ({
        file: join(vectors, name),
        ok: false,
        problems: [`There is no scenario ${join(path, name)} for these vectors: remove or rename them.`],
      })),
  );
}

/** One line per file, and one per problem. */
export function checkText(checked: readonly Checked[]): string {
  const lines = checked.flatMap(({ file, ok, problems, proof }) => {
    const figures =
      proof === undefined
        ? ''
        : `: ${proof.vectors - proof.broken.length} of ${proof.vectors} vectors hold, ` +
          `${proof.tested} of ${proof.edges} edges tested`;
    return [
      `${ok ? 'ok    ' : 'FAILED'}  ${file}${figures}`,
      ...problems.map((problem) => `        ${problem}`),
    ];
  });
  return `${lines.join('\n')}\n`;
}

import { isDeepStrictEqual } from 'node:util';
import type { Scenario, ScenarioResult } from '@gpo/scenario';
import { edgeKey, edgesOf, type Edge } from './rules.edges.js';
import type { Rules } from './rules.folder.js';
import {
  VECTOR_NOW,
  merged,
  messageOf,
  type Expected,
  type Vector,
  type VectorsFile,
} from './rules.vectors.js';

/** What the vectors prove of a scenario. */
export interface Proof {
  vectors: number;
  /** Vectors that the scenario does not keep, with what came instead. */
  broken: { name: string; problems: string[] }[];
  /** Edges that some vector takes, and all of the file. */
  tested: number;
  edges: number;
  untested: Edge[];
  /** Sentences about edges that are called unreachable and are not, or do not exist. */
  wrongClaims: string[];
}

/** Runs every vector and says which edges of the file none of them takes. */
export function prove({ file, scenario }: Rules, vectors: VectorsFile): Proof {
  const taken = new Set<string>();
  const broken: Proof['broken'] = [];
  for (const vector of vectors.vectors) {
    const problems = differences(vectors, vector, run(scenario, vectors, vector, taken));
    if (problems.length > 0) broken.push({ name: vector.name, problems });
  }
  const edges = edgesOf(file);
  const claimed = new Set(vectors.unreachable.map(edgeKey));
  const reachable = edges.filter((edge) => !claimed.has(edgeKey(edge)));
  const untested = reachable.filter((edge) => !taken.has(edgeKey(edge)));
  return {
    vectors: vectors.vectors.length,
    broken,
    tested: reachable.length - untested.length,
    edges: reachable.length,
    untested,
    wrongClaims: wrongClaims(vectors, new Set(edges.map(edgeKey)), taken),
  };
}

/** True where the scenario keeps every vector; stops at the first that it does not keep. */
export function keepsAll(scenario: Scenario, vectors: VectorsFile): boolean {
  const taken = new Set<string>();
  return vectors.vectors.every(
    (vector) => differences(vectors, vector, run(scenario, vectors, vector, taken)).length === 0,
  );
}

export function holds({ broken, untested, wrongClaims }: Proof): boolean {
  return broken.length + untested.length + wrongClaims.length === 0;
}

// Rules take the first matching row, so a row that only ever matches behind another one is not tested.
function run(scenario: Scenario, file: VectorsFile, vector: Vector, taken: Set<string>): ScenarioResult[] {
  const tables = new Set<string>();
  return scenario.run(
    messageOf(file, vector),
    () => VECTOR_NOW,
    (step) => {
      if (step.edge?.startsWith('row ') === true) {
        if (tables.has(step.node)) return;
        tables.add(step.node);
      }
      taken.add(edgeKey(step));
    },
  );
}

function differences(file: VectorsFile, vector: Vector, results: readonly ScenarioResult[]): string[] {
  const expected = Array.isArray(vector.then) ? vector.then : [vector.then];
  if (results.length !== expected.length)
    return [`expected ${expected.length} records, got ${results.length}: ${results.map(place).join(', ')}`];
  return results.flatMap((result, index) => difference(file, vector, expected[index]!, result));
}

function difference(file: VectorsFile, vector: Vector, expected: Expected, result: ScenarioResult): string[] {
  if ('fails_at' in expected) {
    if ('error' in result && result.node === expected.fails_at) return [];
    return [`expected a failure at "${expected.fails_at}", got ${place(result)}`];
  }
  if ('error' in result || result.topic !== expected.topic)
    return [`expected ${expected.topic}, got ${place(result)}`];
  const input = messageOf(file, vector);
  const key = expected.key === undefined ? input.key : expected.key;
  const problems = key === result.key ? [] : [`key: expected ${text(key)}, got ${text(result.key)}`];
  const wanted = merged(
    JSON.parse(input.value.toString()) as Record<string, unknown>,
    resolved(expected.set),
  );
  return [...problems, ...fieldDifferences(wanted, JSON.parse(result.value) as Record<string, unknown>)];
}

/** Fields that differ, in words. */
export function fieldDifferences(wanted: Record<string, unknown>, got: Record<string, unknown>): string[] {
  return [...new Set([...Object.keys(wanted), ...Object.keys(got)])]
    .filter((name) => !isDeepStrictEqual(wanted[name], got[name]))
    .map((name) => `${name}: expected ${text(wanted[name])}, got ${text(got[name])}`);
}

/** `{"after_now_ms": N}` stands for the clock of the run plus N. */
function resolved(set: Record<string, unknown> = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(set).map(([name, value]) => {
      const after = (value as { after_now_ms?: unknown } | null)?.after_now_ms;
      return [name, typeof after === 'number' ? VECTOR_NOW + after : value];
    }),
  );
}

function wrongClaims(
  { unreachable }: VectorsFile,
  existing: ReadonlySet<string>,
  taken: ReadonlySet<string>,
): string[] {
  return unreachable.flatMap((claim) => {
    const key = edgeKey({ node: claim.node, edge: claim.edge });
    const name = `"${claim.node}", ${claim.edge}`;
    if (!existing.has(key)) return [`${name} is called unreachable, but there is no such edge`];
    return taken.has(key) ? [`${name} is called unreachable, but a vector takes it`] : [];
  });
}

function place(result: ScenarioResult): string {
  if (!('error' in result)) return result.topic;
  return `a failure at "${result.node}" (${result.error})`;
}

function text(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value);
}

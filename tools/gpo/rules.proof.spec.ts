import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { ScenarioRefused, loadScenario, type ScenarioFile } from '@gpo/scenario';
import { shippedPlaces } from './rules.check.js';
import { loadRules, scenarioFiles, type Rules } from './rules.folder.js';
import { mutantsOf } from './rules.mutants-rig-spec.js';
import { keepsAll, prove } from './rules.proof.js';
import { TEST_LINES_MAX, nussknackerTestData, readVectors, type VectorsFile } from './rules.vectors.js';

const shipped = shippedPlaces('nussknacker/scenarios', 'nussknacker/test-data').flatMap(({ path, vectors }) =>
  scenarioFiles(path, true).map((place) => ({ place, vectors: join(vectors, place.name) })),
);
const names = shipped.map(({ place }) => place.path);
const shippedAs = (name: string): (typeof shipped)[number] =>
  shipped.find(({ place }) => place.path === name)!;
const rulesOf = (name: string): Rules => loadRules(shippedAs(name).place);
const vectorsOf = (name: string): VectorsFile => readVectors(shippedAs(name).vectors);

/** Slips that change nothing on any message, with the reason; a slip that a vector notices must not stand here. */
const HARMLESS: readonly (readonly [RegExp, string])[] = [
  [/^Payee provider: "''" became "'zz'"/, 'A provider that no row names is as good as none.'],
  [/^Payee scheme: "''" became "'zz'"/, 'A kind of account that no row names is as good as none.'],
];

function noticed(file: ScenarioFile, name: string, vectors: VectorsFile): boolean {
  try {
    return !keepsAll(loadScenario(file, name, topicSchemas()), vectors);
  } catch (error) {
    if (error instanceof ScenarioRefused) return true;
    throw error;
  }
}

describe.each(names)('the vectors of %s', (name) => {
  const [rules, vectors] = [rulesOf(name), vectorsOf(name)];

  it('hold, and leave no way out of any node untested', () => {
    const proof = prove(rules, vectors);
    expect(proof).toMatchObject({ broken: [], untested: [], wrongClaims: [] });
    expect(proof.tested).toBeGreaterThanOrEqual(rules.file.nodes!.length);
  });

  it('do so no longer when one vector that is needed is taken away', () => {
    const complete = (list: VectorsFile['vectors']): boolean =>
      prove(rules, { ...vectors, vectors: list }).untested.length === 0;
    let needed = vectors.vectors;
    for (const vector of vectors.vectors) {
      const fewer = needed.filter((one) => one !== vector);
      if (complete(fewer)) needed = fewer;
    }
    expect(needed.length).toBeGreaterThan(3);
    for (const vector of needed) {
      expect({ [vector.name]: complete(needed.filter((one) => one !== vector)) }).toEqual({
        [vector.name]: false,
      });
    }
  });

  it('notice every single slip in a cell or an expression', () => {
    const mutants = mutantsOf(rules.file);
    const unnoticed = mutants.filter(({ file }) => !noticed(file, name, vectors)).map(({ what }) => what);
    expect(mutants.length).toBeGreaterThan(10);
    expect(unnoticed.filter((what) => !HARMLESS.some(([pattern]) => pattern.test(what)))).toEqual([]);
  }, 60_000);

  it('can be sent to the test endpoint of a Nussknacker, 20 lines at a time', () => {
    const source = rules.file.nodes![0]!.id;
    const portions = nussknackerTestData(vectors, source);
    const lines = portions.map(({ text }) => text.trimEnd().split('\n'));
    expect(lines.every((portion) => portion.length <= TEST_LINES_MAX)).toBe(true);
    const sent = vectors.vectors.filter(({ raw }) => raw === undefined);
    expect(portions.flatMap((portion) => portion.names)).toEqual(sent.map((vector) => vector.name));
    expect(lines.flat().map((line) => JSON.parse(line) as unknown)).toEqual(
      sent.map(({ key }) => ({
        sourceId: source,
        record: {
          keySchemaId: null,
          valueSchemaId: null,
          consumerRecord: { key: key === undefined ? 'vector' : key, value: expect.any(Object) },
        },
      })),
    );
  });
});

it('no slip that a vector notices is called harmless', () => {
  for (const [pattern] of HARMLESS) {
    const called = names.flatMap((name) =>
      mutantsOf(rulesOf(name).file)
        .filter(({ what }) => pattern.test(what))
        .map(({ file }) => noticed(file, name, vectorsOf(name))),
    );
    expect(called.length).toBeGreaterThan(0);
    expect(called).not.toContain(true);
  }
});

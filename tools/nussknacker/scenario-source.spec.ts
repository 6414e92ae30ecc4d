import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ScenarioFile } from '@gpo/scenario';
import { readProblems } from './scenario-problem.js';
import { nodesOf, problemsOfFile, readScenarioSources } from './scenario-source.js';

const folder = mkdtempSync(join(tmpdir(), 'gpo-scenarios-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, change: (file: ScenarioFile) => void): void {
  const file = JSON.parse(readFileSync('nussknacker/scenarios/request-check.json', 'utf8')) as ScenarioFile;
  change(file);
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(file));
}

describe('scenario files on their way to the Designer', () => {
  it('every shipped scenario is free of what the Designer stumbles over', () => {
    const sources = readScenarioSources('nussknacker/scenarios');
    expect(sources.flatMap(problemsOfFile)).toEqual([]);
    expect(sources.find(({ name }) => name === 'request-check')?.topics).toEqual(['g2p.request']);
  });

  it('a node without layoutData and a name with a dot are named, also deep in a branch', () => {
    write('broken', (file) => {
      const deep = nodesOf(file).at(-1)!;
      expect(file.nodes).not.toContain(deep);
      Object.assign(deep, { id: 'To g2p.malformed-input', additionalFields: { layoutData: null } });
    });
    const [source] = readScenarioSources(folder, ['broken']);
    const problems = problemsOfFile(source!);
    expect(problems.map(({ node }) => node)).toEqual(['To g2p.malformed-input', 'To g2p.malformed-input']);
    expect(problems.map(({ message }) => message).join()).toMatch(/layoutData.*dot/);
  });

  it('an unknown name is answered with the names there are', () => {
    expect(() => readScenarioSources('nussknacker/scenarios', ['nothing'])).toThrow(
      /request-check, response-routing/,
    );
  });

  it('a topic that is no plain text is refused: nobody could watch its consumer group', () => {
    write('broken', (file) => (file.nodes![0]!.ref!.parameters![0]!.expression.expression = '#topic'));
    expect(() => readScenarioSources(folder)).toThrow(/not a text in single quotes/);
  });
});

describe("the Designer's validation result", () => {
  it('gives every problem with its node, in words', () => {
    const error = {
      typ: 'ExpressionParserCompilationError',
      message: 'Failed to parse',
      description: 'no #inptu',
    };
    const errors = {
      invalidNodes: { 'Amount as number': [{ ...error, fieldName: '$expression' }] },
      processPropertiesErrors: [{ typ: 'X', message: 'Bad property', description: 'Bad property' }],
      globalErrors: [{ error: { message: 'Loose node' }, nodeIds: ['A', 'B'] }, { message: 'No sink' }],
    };
    expect(readProblems({ errors })).toEqual([
      { node: 'Amount as number', message: 'Failed to parse: no #inptu ($expression)' },
      { node: '', message: 'Bad property' },
      { node: 'A', message: 'Loose node' },
      { node: 'B', message: 'Loose node' },
      { node: '', message: 'No sink' },
    ]);
    expect(
      readProblems({ errors: { invalidNodes: {}, processPropertiesErrors: [], globalErrors: [] } }),
    ).toEqual([]);
  });
});

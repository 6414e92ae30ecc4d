import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { loadScenario } from './scenario.js';
import type { FileNode, ScenarioFile } from './scenario-file.js';

const source = (): FileNode => {
  const file = JSON.parse(
    readFileSync('nussknacker/scenarios/response-routing.json', 'utf8'),
  ) as ScenarioFile;
  return file.nodes![0]!;
};
const spel = (expression: string): { language: string; expression: string } => ({
  language: 'spel',
  expression,
});

/** The steps of one message through these nodes, as `node` or `node: edge`. */
function steps(nodes: FileNode[], input: Record<string, unknown>): string[] {
  const file: ScenarioFile = { metaData: { id: 'traced' }, nodes: [source(), ...nodes] };
  const seen: string[] = [];
  loadScenario(file, 'traced.json', topicSchemas()).run(
    { key: null, value: Buffer.from(JSON.stringify(input)) },
    () => 0,
    ({ node, edge }) => seen.push(edge === undefined ? node : `${node}: ${edge}`),
  );
  return seen;
}

const branch = (id: string): FileNode => ({
  id,
  type: 'Variable',
  varName: id,
  value: spel('1'),
});

describe('the trace of a run', () => {
  it('names the side of a filter that the message takes', () => {
    const filter: FileNode = {
      id: 'Paid?',
      type: 'Filter',
      expression: spel("#input.outcome == 'settled'"),
      nextFalse: [branch('no')],
    };
    expect(steps([filter, branch('yes')], { outcome: 'settled' })).toEqual([
      'Response',
      'Paid?: true',
      'yes',
    ]);
    expect(steps([filter, branch('yes')], {})).toEqual(['Response', 'Paid?: false', 'no']);
  });

  it('names the branch of a choice, also the default one', () => {
    const choice: FileNode = {
      id: 'Which?',
      type: 'Switch',
      nexts: [{ expression: spel("#input.outcome == 'settled'"), nodes: [branch('a')] }],
      defaultNext: [branch('b')],
    };
    expect(steps([choice], { outcome: 'settled' })).toEqual(['Response', 'Which?: 1', 'a']);
    expect(steps([choice], {})).toEqual(['Response', 'Which?: default', 'b']);
  });

  it('names every branch of a split', () => {
    const split: FileNode = { id: 'Both', type: 'Split', nexts: [[branch('a')], [branch('b')]] };
    expect(steps([split], {})).toEqual(['Response', 'Both: 1', 'a', 'Both: 2', 'b']);
  });

  it('names every row of a decision table that matches, or says that none does', () => {
    const cells = '{"columns":[{"name":"reason","type":"java.lang.String"}],"rows":[["x"],["y"],["x"]]}';
    const table: FileNode = {
      id: 'Table',
      type: 'Enricher',
      service: {
        id: 'decision-table',
        parameters: [
          { name: 'Decision Table', expression: { language: 'tabularDataDefinition', expression: cells } },
          { name: 'Match condition', expression: spel('#ROW.reason == #input.reason') },
        ],
      },
      output: 'rows',
    };
    expect(steps([table], { reason: 'x' })).toEqual(['Response', 'Table', 'Table: row 1', 'Table: row 3']);
    expect(steps([table], { reason: 'z' })).toEqual(['Response', 'Table', 'Table: no row']);
  });
});

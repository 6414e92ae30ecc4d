import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { loadScenario } from './scenario.js';
import type { FileExpression, FileNode, ScenarioFile } from './scenario-file.js';

const { nodes } = JSON.parse(
  readFileSync('nussknacker/scenarios/response-routing.json', 'utf8'),
) as ScenarioFile;
const source = nodes![0]!;
const spel = (expression: string): FileExpression => ({ language: 'spel', expression });
const end = (id: string): FileNode => ({ id, type: 'CustomNode', nodeType: 'dead-end' });

/** The steps of one message through these nodes, as `node` or `node: edge`. */
function steps(behind: FileNode[], input: Record<string, unknown>): string[] {
  const file: ScenarioFile = { metaData: { id: 'traced' }, nodes: [source, ...behind] };
  const seen: string[] = [];
  loadScenario(file, 'traced.json', topicSchemas()).run(
    { key: null, value: Buffer.from(JSON.stringify(input)) },
    () => 0,
    ({ node, edge }) => seen.push(edge === undefined ? node : `${node}: ${edge}`),
  );
  return seen;
}

describe('the trace of a run', () => {
  const filter: FileNode = {
    id: 'Paid?',
    type: 'Filter',
    expression: spel("#input.outcome == 'settled'"),
    nextFalse: [end('no')],
  };

  it('names the side of a filter that the message takes', () => {
    expect(steps([filter, end('yes')], { outcome: 'settled' })).toEqual(['Response', 'Paid?: true', 'yes']);
    expect(steps([filter, end('yes')], {})).toEqual(['Response', 'Paid?: false', 'no']);
  });

  it('lets everything through a filter that is switched off', () => {
    expect(steps([{ ...filter, isDisabled: true }, end('yes')], {})).toEqual([
      'Response',
      'Paid?: true',
      'yes',
    ]);
  });

  it('names the branch of a choice, also the default one', () => {
    const choice: FileNode = {
      id: 'Which?',
      type: 'Switch',
      nexts: [{ expression: spel("#input.outcome == 'settled'"), nodes: [end('a')] }],
      defaultNext: [end('b')],
    };
    expect(steps([choice], { outcome: 'settled' })).toEqual(['Response', 'Which?: 1', 'a']);
    expect(steps([choice], {})).toEqual(['Response', 'Which?: default', 'b']);
    expect(steps([{ ...choice, defaultNext: [] }], {})).toEqual(['Response', 'Which?: default']);
  });

  it('names every branch of a split', () => {
    const split: FileNode = { id: 'Both', type: 'Split', nexts: [[end('a')], [end('b')]] };
    expect(steps([split], {})).toEqual(['Response', 'Both: 1', 'a', 'Both: 2', 'b']);
  });

  it('names every row of a decision table that matches, or says that none does', () => {
    const cells = '{"columns":[{"name":"reason","type":"java.lang.String"}],"rows":[["x"],["y"],["x"]]}';
    const table: FileNode = {
      id: 'Table',
      type: 'Enricher',
      output: 'rows',
      service: {
        id: 'decision-table',
        parameters: [
          { name: 'Decision Table', expression: { language: 'tabularDataDefinition', expression: cells } },
          { name: 'Match condition', expression: spel('#ROW.reason == #input.reason') },
        ],
      },
    };
    const seen = (reason: string): string[] => steps([table, end('end')], { reason });
    expect(seen('x')).toEqual(['Response', 'Table', 'Table: row 1', 'Table: row 3', 'end']);
    expect(seen('z')).toEqual(['Response', 'Table', 'Table: no row', 'end']);
  });
});

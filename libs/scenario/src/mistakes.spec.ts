import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { loadScenario } from './scenario.js';
import { ScenarioRefused, sentence, type FileNode, type ScenarioFile } from './scenario-file.js';

const schemas = topicSchemas();
type Change = (nodes: FileNode[], file: ScenarioFile) => void;

/** The shipped request-check: 1 amount, 2 provider, 3 scheme, 4 limits, 5 lanes, 6 errors, 7 the choice. */
const value =
  (expression: string): Change =>
  (nodes) => {
    nodes[1]!.value!.expression = expression;
  };
const insert =
  (node: Partial<FileNode>): Change =>
  (nodes) => {
    nodes.splice(1, 0, { id: 'New', ...node } as FileNode);
  };
const condition = (expression: string): Partial<FileNode> => ({
  type: 'Filter',
  expression: { language: 'spel', expression },
});
const branchOf = (nodes: FileNode[]): FileNode[] => (nodes[7]!.nexts![0] as { nodes: FileNode[] }).nodes;
const sinkParameter =
  (name: string, expression: string): Change =>
  (nodes) => {
    branchOf(nodes)[0]!.ref!.parameters!.find((one) => one.name === name)!.expression.expression = expression;
  };
const table =
  (from: string, to: string): Change =>
  (nodes) => {
    const cells = nodes[4]!.service!.parameters![0]!.expression;
    cells.expression = cells.expression.replace(from, to);
  };

/** What the page calls each mistake, and how it is made. */
const MISTAKES: Readonly<Record<string, Change>> = {
  'A field that the topic does not have': value('#input.amonut'),
  'A variable that does not exist yet': value('#lanes.size'),
  'A variable without its #': value('amount'),
  'A text compared as a number': value('#input.amount > 100'),
  'A text and a decimal number compared': value("'5'.toBigDecimal == #input.amount"),
  'Calculating with a text': value('#input.amount * 2'),
  'A large number without L': value('9999999999'),
  'One = instead of two': value("#input.currency_code = 'KES'"),
  'A field name that changes, in [ ]': value("{'KES': 1, 'RWF': 2}[#input.currency_code]"),
  'A letter of a text by its number': value('#input.payee_id[0]'),
  'The word in': value("#input.currency_code in {'KES', 'RWF'}"),
  'A method that Java has and the Designer has not': value("#input.currency_code.equals('KES')"),
  'A Java class': value('T(java.lang.Math).max(1, 2)'),
  'A new object': value('new java.util.ArrayList()'),
  'A pattern with a sign that is read differently': value("#input.payee_id matches '\\p{L}+'"),
  'A quote that is not closed': value("#input.currency_code == 'KES"),
  'A filter without a yes or no': insert(condition('#input.amount')),
  'A list of a choice tested as yes or no': (nodes) => {
    (nodes[7]!.nexts![0] as { expression: { expression: string } }).expression.expression = '#errors';
  },
  'A for-each': insert({ type: 'CustomNode', nodeType: 'for-each' }),
  'A fragment': (nodes) => {
    nodes.splice(1, nodes.length, { id: 'Checks', type: 'FragmentInput' });
  },
  'An enricher that asks another system': insert({
    type: 'Enricher',
    output: 'answer',
    service: { id: 'http' },
  }),
  'A second source': (_nodes, file) => {
    file.additionalBranches = [[]];
  },
  'A node that is switched off': (nodes) => {
    nodes[2]!.isDisabled = true;
  },
  'Two nodes of one name': (nodes) => {
    nodes[3]!.id = nodes[2]!.id;
  },
  'A name with a dot': (nodes) => {
    nodes[2]!.id = 'Provider no. 1';
  },
  'A variable that exists already': insert({
    type: 'Variable',
    varName: 'input',
    value: { language: 'spel', expression: "'KES'" },
  }),
  'A branch that leads nowhere': (nodes) => {
    branchOf(nodes).length = 0;
  },
  'A topic that does not exist': sinkParameter('Topic', "'g2p.filtered'"),
  'A sink with one field per line': sinkParameter('Raw editor', 'false'),
  'A strict sink': sinkParameter('Value validation mode', "'strict'"),
  'A sink value of the wrong kind': sinkParameter('Value', "#COLLECTION.merge(#input, {attempt: 'one'})"),
  'A column of a type that tables cannot hold': table('java.math.BigDecimal', 'java.lang.Long'),
  'A cell that is no number': table('"500000"', '"500,000"'),
};

function problemsAfter(change: Change): string[] {
  const file = JSON.parse(readFileSync('nussknacker/scenarios/request-check.json', 'utf8')) as ScenarioFile;
  change(file.nodes!, file);
  try {
    loadScenario(file, 'request-check.json', schemas);
  } catch (error) {
    if (error instanceof ScenarioRefused) return error.problems.map(sentence);
    throw error;
  }
  return [];
}

const rows = readFileSync('docs/rules/mistakes.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| What') && !line.startsWith('| --'))
  .map((line) => line.slice(2, -2).split(' | '))
  .map(([title, text]) => [title!, text!.replaceAll('\\|', '|')] as const);

describe('docs/rules/mistakes.md', () => {
  it('names every mistake of this test and no other', () => {
    expect(rows.map(([title]) => title)).toEqual(Object.keys(MISTAKES));
  });

  it.each(rows)('%s gets the sentence of the page, and no other', (title, text) => {
    // A topic list or a field list may grow; the page shows where it stands.
    const lists = (written: string): string =>
      written.replace(/there are: .*?(?= \(character|\.$)/, 'there are: ...');
    expect(problemsAfter(MISTAKES[title]!).map(lists)).toEqual([lists(text)]);
  });
});

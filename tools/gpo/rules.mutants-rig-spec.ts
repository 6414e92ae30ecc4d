import type { FileExpression, ScenarioFile } from '../../libs/scenario/src/scenario-file.js';
import { nodesOf } from './rules.edges.js';

/** A scenario file with one small fault in it, as a slip of the hand would make it. */
export interface Mutant {
  what: string;
  file: ScenarioFile;
}

/** Slips in expressions: the other comparison, the other connective, another constant. */
const SLIPS: readonly (readonly [RegExp, (found: string) => string])[] = [
  [/ < /g, () => ' <= '],
  [/ > /g, () => ' >= '],
  [/ <= /g, () => ' < '],
  [/ >= /g, () => ' > '],
  [/ == /g, () => ' != '],
  [/ != /g, () => ' == '],
  [/ and /g, () => ' or '],
  [/ or /g, () => ' and '],
  [/'[^']*'/g, (found) => (found === "''" ? "'zz'" : "''")],
  [/\b\d+(?=L?\b)/g, (found) => String(Number(found) + 1)],
  [/\.lastIndexOf\(/g, () => '.indexOf('],
  [/\.indexOf\(/g, () => '.lastIndexOf('],
];

/** Every mutant of a file: each cell of each decision table changed, each row taken out, each slip in each expression. */
export function mutantsOf(file: ScenarioFile): Mutant[] {
  const mutants: Mutant[] = [];
  for (const at of nodesOf(file.nodes ?? []).keys()) {
    for (const index of expressionsOf(file, at).keys()) mutants.push(...changed(file, at, index));
  }
  return mutants;
}

function changed(file: ScenarioFile, at: number, index: number): Mutant[] {
  const { language, expression } = expressionsOf(file, at)[index]!;
  const texts = language === 'spel' ? slipped(expression) : tables(expression);
  const node = nodesOf(file.nodes ?? [])[at]!.id;
  return texts.map(({ what, text }) => {
    const copy = structuredClone(file);
    expressionsOf(copy, at)[index]!.expression = text;
    return { what: `${node}: ${what}`, file: copy };
  });
}

/** The expressions of one node that decide something; names of topics and versions do not. */
function expressionsOf(file: ScenarioFile, at: number): FileExpression[] {
  const node = nodesOf(file.nodes ?? [])[at]!;
  const parameters = [...(node.ref?.parameters ?? []), ...(node.service?.parameters ?? [])]
    .filter(({ name }) => ['Value', 'Key', 'Decision Table', 'Match condition'].includes(name))
    .map(({ expression }) => expression);
  const branches = (node.nexts ?? []).flatMap((next) => (Array.isArray(next) ? [] : [next.expression]));
  const fields = (node.fields ?? []).map(({ expression }) => expression);
  return [node.value, node.expression, ...fields, ...branches, ...parameters].filter(
    (expression): expression is FileExpression => expression !== undefined && expression !== null,
  );
}

function slipped(expression: string): { what: string; text: string }[] {
  return SLIPS.flatMap(([pattern, slip]) =>
    [...expression.matchAll(pattern)].map((match) => {
      const [found] = match;
      const text =
        expression.slice(0, match.index) + slip(found) + expression.slice(match.index + found.length);
      const around = expression.slice(Math.max(0, match.index - 30), match.index + found.length + 20);
      return { what: `"${found.trim()}" became "${slip(found).trim()}" in "...${around}..."`, text };
    }),
  );
}

interface Table {
  columns: { name: string; type: string }[];
  rows: (string | null)[][];
}

function tables(source: string): { what: string; text: string }[] {
  const table = JSON.parse(source) as Table;
  return table.rows.flatMap((cells, row) => [
    { what: `row ${row + 1} taken out`, text: withRows(table, table.rows.toSpliced(row, 1)) },
    ...cells.flatMap((cell, column) =>
      otherCells(cell, table.columns[column]!.type).map((other) => ({
        what: `row ${row + 1}, ${table.columns[column]!.name}: ${cell ?? 'empty'} became ${other ?? 'empty'}`,
        text: withRows(table, table.rows.with(row, cells.with(column, other))),
      })),
    ),
  ]);
}

function withRows(table: Table, rows: Table['rows']): string {
  return JSON.stringify({ ...table, rows });
}

/** Another text, or the next number above and below. */
function otherCells(cell: string | null, type: string): (string | null)[] {
  if (type === 'java.lang.String') return [cell === null ? 'other' : `${cell}x`];
  if (cell === null) return [];
  const decimals = cell.split('.')[1]?.length ?? (type === 'java.math.BigDecimal' ? 2 : 0);
  const step = 10 ** -decimals;
  return [step, -step].map((change) => (Number(cell) + change).toFixed(decimals));
}

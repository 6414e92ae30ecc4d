import { NOTHING, type NodeReader } from './node-reader.js';
import type { FileNode } from './scenario-file.js';
import { Decimal, Double } from './spel/numbers.js';
import { asBoolean } from './spel/operand.js';
import type { Compiled, Known } from './spel/scope.js';
import { BOOLEAN, TEXT, listType, numberType, type Type } from './spel/types.js';
import type { Value } from './spel/value.js';

interface DecisionTable {
  /** A row as expressions see it. */
  row: Type;
  rows: Record<string, Value>[];
}

interface CellType {
  type: Type;
  pattern: RegExp;
  read: (text: string) => Value;
  example: string;
}

const NUMBER = /^-?\d+(\.\d+)?$/;
const INTEGER_MAX = 2_147_483_647;

const CELLS: Readonly<Record<string, CellType>> = {
  'java.lang.String': { type: TEXT, pattern: /^/, read: (text) => text, example: 'mpesa' },
  'java.lang.Integer': {
    type: numberType('Integer'),
    pattern: /^-?\d{1,10}$/,
    read: (text) => (Math.abs(Number(text)) <= INTEGER_MAX ? Number(text) : undefined),
    example: '30',
  },
  'java.math.BigDecimal': {
    type: numberType('BigDecimal'),
    pattern: NUMBER,
    read: (text) => Decimal.parse(text),
    example: '0.01',
  },
  'java.lang.Double': {
    type: numberType('Double'),
    pattern: NUMBER,
    read: (text) => new Double(Number(text)),
    example: '1.5',
  },
  'java.lang.Boolean': {
    type: BOOLEAN,
    pattern: /^(true|false)$/,
    read: (text) => text === 'true',
    example: 'true',
  },
};

/** The table itself is wrong; the sentence says where. */
class TableRefused extends Error {
  override readonly name = 'TableRefused';
}

interface Column {
  name: string;
  type: string;
}

/** Reads the rows of Nussknacker's decision table; cells are texts or empty. @throws TableRefused with what is wrong. */
function readDecisionTable(source: string): DecisionTable {
  const { columns, rows } = parse(source);
  columns.forEach(checkColumn);
  const twice = columns.find(({ name }, at) => columns.findIndex((one) => one.name === name) !== at);
  if (twice !== undefined)
    throw new TableRefused(`the table has two columns called ${twice.name}; rename one`);
  return {
    row: {
      kind: 'record',
      fields: new Map(columns.map(({ name, type }) => [name, CELLS[type]!.type])),
      ordered: false,
    },
    rows: rows.map((cells, at) => readRow(cells, columns, at + 1)),
  };
}

function parse(source: string): { columns: Column[]; rows: (string | null)[][] } {
  let table: unknown;
  try {
    table = JSON.parse(source);
  } catch (cause) {
    throw new TableRefused('the table cannot be read; export the scenario from the Designer again', {
      cause,
    });
  }
  if (!isTable(table))
    throw new TableRefused('the table has no columns and rows; export the scenario from the Designer again');
  return table;
}

function isTable(table: unknown): table is { columns: Column[]; rows: (string | null)[][] } {
  if (typeof table !== 'object' || table === null) return false;
  const { columns, rows } = table as { columns?: unknown; rows?: unknown };
  const isColumn = (one: Partial<Column> | null): boolean =>
    typeof one?.name === 'string' && typeof one.type === 'string';
  const isCell = (cell: unknown): boolean => cell === null || typeof cell === 'string';
  return (
    Array.isArray(columns) &&
    columns.every(isColumn) &&
    Array.isArray(rows) &&
    rows.every((row) => Array.isArray(row) && row.every(isCell))
  );
}

function checkColumn({ name, type }: Column): void {
  if (Object.hasOwn(CELLS, type)) return;
  const advice =
    type === 'java.lang.Long'
      ? 'java.lang.Integer for small whole numbers or java.math.BigDecimal for large ones'
      : Object.keys(CELLS).join(', ');
  throw new TableRefused(
    `the column ${name} has the type ${type}, which cannot be used here; choose ${advice}`,
  );
}

function readRow(
  cells: readonly (string | null)[],
  columns: readonly Column[],
  row: number,
): Record<string, Value> {
  if (cells.length !== columns.length)
    throw new TableRefused(`row ${row} has ${cells.length} cells for ${columns.length} columns`);
  return Object.fromEntries(
    columns.map(({ name, type }, at) => {
      const cell = cells[at] ?? null;
      if (cell === null) return [name, null];
      const { pattern, read, example } = CELLS[type]!;
      const value = pattern.test(cell) ? read(cell) : undefined;
      if (value === undefined)
        throw new TableRefused(
          `row ${row}, column ${name}: "${cell}" does not fit the type ${type}; write it like ${example}`,
        );
      return [name, value];
    }),
  );
}

function tableOf(node: FileNode, reader: NodeReader): DecisionTable | undefined {
  try {
    return readDecisionTable(reader.parameter(node, 'Decision Table')?.expression ?? '');
  } catch (error) {
    if (!(error instanceof TableRefused)) throw error;
    reader.refuse(node, error.message);
    return undefined;
  }
}

/** The enricher with a table: the list of all rows that match, in the order of the table. */
export function decisionTable(node: FileNode, known: Known, reader: NodeReader): Compiled {
  const service = node.service?.id ?? '?';
  if (service !== 'decision-table') {
    reader.refuse(node, `the enricher ${service} is not run here; only the decision table is`);
    return NOTHING;
  }
  const table = tableOf(node, reader);
  if (table === undefined) return NOTHING;
  const { row, rows } = table;
  const inner = known.with('ROW', row);
  const source = reader.parameter(node, 'Match condition');
  const { run: matches } = reader.condition(node, source, inner.known, 'the match condition');
  const run: Compiled['run'] = (scope) => {
    const found: Value[] = [];
    rows.forEach((one, at) => {
      scope.slots[inner.slot] = one;
      if (!asBoolean(matches(scope))) return;
      scope.trace?.({ node: node.id, edge: `row ${at + 1}` });
      found.push(one);
    });
    if (found.length === 0) scope.trace?.({ node: node.id, edge: 'no row' });
    return found;
  };
  return { type: listType(row), run };
}

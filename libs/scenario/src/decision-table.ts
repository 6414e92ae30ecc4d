import { Decimal } from './spel/numbers.js';
import type { Value } from './spel/value.js';

export interface DecisionTable {
  columns: { name: string; type: string }[];
  rows: Record<string, Value>[];
}

const CELL: Readonly<Record<string, (text: string) => Value>> = {
  'java.lang.String': (text) => text,
  'java.lang.Integer': (text) => checked(text, /^-?\d{1,10}$/, Number),
  'java.math.BigDecimal': (text) => checked(text, /^-?\d+(\.\d+)?$/, (cell) => Decimal.parse(cell)!),
  'java.lang.Double': (text) => checked(text, /^-?\d+(\.\d+)?$/, (cell) => Decimal.parse(cell)!),
  'java.lang.Boolean': (text) => checked(text, /^(true|false)$/, (cell) => cell === 'true'),
};

function checked<T>(text: string, pattern: RegExp, convert: (text: string) => T): T {
  if (!pattern.test(text)) throw new Error(`the cell "${text}" does not fit the type of its column`);
  return convert(text);
}

/** Reads the rows of Nussknacker's decision table; cells are texts or empty. @throws Error with what is wrong. */
export function readDecisionTable(source: string): DecisionTable {
  const { columns, rows } = JSON.parse(source) as {
    columns: DecisionTable['columns'];
    rows: (string | null)[][];
  };
  for (const { name, type } of columns) {
    if (!(type in CELL))
      throw new Error(
        `the column ${name} has the type ${type}, which Nussknacker refuses here; use java.lang.Integer or java.math.BigDecimal`,
      );
  }
  return {
    columns,
    rows: rows.map((cells) =>
      Object.fromEntries(
        columns.map(({ name, type }, index) => {
          const cell = cells[index] ?? null;
          return [name, cell === null ? null : CELL[type]!(cell)];
        }),
      ),
    ),
  };
}

import { InvalidArgumentError } from 'commander';

/** JSON for scripts, or a table for people. */
export function print(rows: readonly Record<string, unknown>[], asJson: boolean): void {
  process.stdout.write(asJson ? `${JSON.stringify(rows, null, 2)}\n` : table(rows));
}

/** Columns of equal width; the names of the fields are the heading. */
export function table(rows: readonly Record<string, unknown>[]): string {
  const [first] = rows;
  if (first === undefined) return 'Nothing.\n';
  const columns = Object.keys(first);
  const cells = [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
  const widths = columns.map((_, index) => Math.max(...cells.map((line) => line[index]!.length)));
  return cells
    .map(
      (line) =>
        `${line
          .map((text, index) => text.padEnd(widths[index]!))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Reads an option that counts something. @throws InvalidArgumentError, which ends the command with code 64. */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 is needed.');
  return Number(text);
}

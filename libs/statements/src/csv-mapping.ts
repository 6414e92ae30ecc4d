import { UnreadableFile } from '@gpo/xml';
import type { CsvMapping } from './csv-list.js';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isColumn: Check = (value) => isRecord(value) && isText(value.column);
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    typeof value === 'string' && words.includes(value);

const FIELDS: Readonly<Record<keyof CsvMapping, { check: Check; must: string; optional?: true }>> = {
  account: { check: (value) => isText(value) || isColumn(value), must: 'be a text or {"column": NAME}' },
  currency: { check: (value) => isText(value) || isColumn(value), must: 'be a code or {"column": NAME}' },
  amount: { check: isText, must: 'name a column' },
  direction: {
    check: (value) =>
      oneOf('debit', 'credit', 'sign')(value) || (isRecord(value) && isColumn(value) && isText(value.debit)),
    must: 'be debit, credit, sign or {"column": NAME, "debit": WORD}',
  },
  bookedOn: { check: isText, must: 'name a column' },
  dateOrder: { check: oneOf('YMD', 'DMY', 'MDY'), must: 'be YMD, DMY or MDY', optional: true },
  delimiter: { check: isText, must: 'be a text', optional: true },
  decimalSign: { check: oneOf('.', ','), must: 'be a point or a comma', optional: true },
  reference: { check: isText, must: 'name a column', optional: true },
  endToEndId: { check: isText, must: 'name a column', optional: true },
  only: {
    check: (value) =>
      isRecord(value) && isColumn(value) && Array.isArray(value.values) && value.values.every(isText),
    must: 'be {"column": NAME, "values": [WORD, …]}',
    optional: true,
  },
};

/** A mapping as somebody wrote it. @throws UnreadableFile that names the field. */
export function readMapping(value: unknown): CsvMapping {
  if (!isRecord(value)) throw new UnreadableFile('it is no JSON object');
  for (const [name, { check, must, optional }] of Object.entries(FIELDS)) {
    if (value[name] === undefined && optional === true) continue;
    if (!check(value[name])) throw new UnreadableFile(`${name} must ${must}`);
  }
  const unknown = Object.keys(value).find((name) => !(name in FIELDS));
  if (unknown !== undefined) throw new UnreadableFile(`there is no field ${unknown}`);
  return value as Partial<CsvMapping> as CsvMapping;
}

import { readXml, UnreadableFile } from '@gpo/xml';
import { readCamt } from './camt.js';
import { readCsvList, type CsvMapping } from './csv-list.js';
import { looksLikeMt940, readMt940 } from './mt940.js';
import { requireStorable } from './require-storable.js';
import type { Statement } from './statement.js';

export interface StatementFile {
  form: 'camt' | 'mt940' | 'csv';
  statements: Statement[];
}

/**
 * Reads a file of statements, whatever it is: camt.053 or camt.054, MT940, or with a mapping a list as CSV.
 * @throws UnreadableFile with a sentence.
 */
export async function readStatements(bytes: Uint8Array, mapping?: CsvMapping): Promise<StatementFile> {
  const file = await readForm(bytes, mapping);
  requireStorable(file.statements);
  return file;
}

async function readForm(bytes: Uint8Array, mapping: CsvMapping | undefined): Promise<StatementFile> {
  if (mapping !== undefined) return { form: 'csv', statements: readCsvList(bytes, mapping) };
  if (looksLikeMt940(bytes)) return { form: 'mt940', statements: readMt940(bytes) };
  const [message] = (await readXml(bytes)).elements;
  const statements = message && readCamt(message);
  if (statements === undefined) throw new UnreadableFile('it is neither a camt.053, a camt.054 nor an MT940');
  return { form: 'camt', statements };
}

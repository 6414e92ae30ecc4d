import { readFile } from 'node:fs/promises';
import { readStatements, type CsvMapping, type StatementFile } from '@gpo/statements';
import { UnreadableFile } from '@gpo/xml';
import { CommandFailed } from './command-failed.js';

/** A file of statements with its bytes. @throws CommandFailed with one sentence. */
export async function readStatementFile(
  file: string,
  mappingFile: string | undefined,
): Promise<StatementFile & { bytes: Buffer }> {
  const bytes = await bytesOf(file);
  const mapping = mappingFile === undefined ? undefined : mappingOf(mappingFile, await bytesOf(mappingFile));
  try {
    return { ...(await readStatements(bytes, mapping)), bytes };
  } catch (error) {
    throw unusable(file, error);
  }
}

/** What cannot be read is told in a sentence; everything else goes on. */
export function unusable(file: string, error: unknown): unknown {
  if (!(error instanceof UnreadableFile)) return error;
  return new CommandFailed(`${file} cannot be used: ${error.message}.`, 1, { cause: error });
}

async function bytesOf(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new CommandFailed(`${file} cannot be read.`, 2, { cause });
  }
}

const TEXTS = ['amount', 'bookedOn'] as const;

function mappingOf(file: string, bytes: Buffer): CsvMapping {
  const refuse = (why: string, cause?: unknown): never => {
    throw new CommandFailed(`${file} is no mapping: ${why}; docs/statements.md shows one.`, 1, { cause });
  };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (cause) {
    return refuse('it is no JSON', cause);
  }
  const mapping = (value ?? {}) as Record<string, unknown>;
  for (const name of TEXTS)
    if (typeof mapping[name] !== 'string') return refuse(`${name} must name a column`);
  for (const name of ['account', 'currency', 'direction'])
    if (mapping[name] === undefined) return refuse(`${name} is missing`);
  return mapping as Partial<CsvMapping> as CsvMapping;
}

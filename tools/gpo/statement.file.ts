import { readFile } from 'node:fs/promises';
import { readMapping, readStatements, type CsvMapping, type StatementFile } from '@gpo/statements';
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

function mappingOf(file: string, bytes: Buffer): CsvMapping {
  try {
    return readMapping(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    const why = cause instanceof UnreadableFile ? cause.message : 'it is no JSON';
    throw new CommandFailed(`${file} is no mapping: ${why}; docs/statements.md shows one.`, 1, { cause });
  }
}

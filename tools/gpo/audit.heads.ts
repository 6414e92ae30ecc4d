import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { readHead, readHeadRecord, type Head } from '@gpo/audit';
import { KafkaConnection, TOPICS, readTopic } from '@gpo/messaging';
import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';

const AT_ONCE = 1000;

/** Every head that was published to Kafka. @throws CommandFailed with one sentence. */
export async function* publishedHeads(): AsyncGenerator<Head[]> {
  const values = readTopic(new KafkaConnection(readGpoConfig(process.env).kafka), TOPICS.audit.name);
  try {
    yield* gathered(values, readHeadRecord);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(
      `The published heads cannot be read from ${TOPICS.audit.name}: ${why}. Without them (--no-published), a chain that was recomputed as a whole is not seen.`,
      1,
      { cause },
    );
  }
}

/**
 * Heads that somebody kept in a file, one JSON object a line: a record of g2p.audit, a callback, or a head.
 * @throws CommandFailed naming the line.
 */
export async function* headsOfFile(file: string): AsyncGenerator<Head[]> {
  let line = 0;
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  try {
    yield* gathered(lines, (text) => {
      line += 1;
      return headsOfLine(text);
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CommandFailed(`Line ${line} of ${file}: ${why}.`, 1, { cause });
  }
}

function headsOfLine(text: string): Head[] {
  if (text.trim() === '') return [];
  const value = JSON.parse(text) as { heads?: unknown; header?: { meta?: { audit?: unknown } } };
  if (value.heads !== undefined) return readHeadRecord(text);
  return [readHead(value.header === undefined ? value : value.header.meta?.audit)];
}

async function* gathered(
  texts: AsyncIterable<string>,
  headsOf: (text: string) => Head[],
): AsyncGenerator<Head[]> {
  let heads: Head[] = [];
  for await (const text of texts) {
    heads.push(...headsOf(text));
    if (heads.length < AT_ONCE) continue;
    yield heads;
    heads = [];
  }
  if (heads.length > 0) yield heads;
}

import { DataSource } from 'typeorm';
import { TOPICS, type RecordProducer } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import {
  decideLetters,
  lockOpenLetters,
  type LetterFilter,
  type LetterRow,
} from './dead-letter.repository.js';

const AT_ONCE = 200;

/** What a replay did: letters that went back to their topic, and those that must not, with a sentence each. */
export interface Replayed {
  replayed: string[];
  refused: { letterId: string; why: string }[];
}

export interface ReplayParts {
  database: DataSource;
  producer: RecordProducer;
  /** Names of the installation's topics; a letter goes back only to one of them. */
  topics: readonly string[];
}

/**
 * Puts open letters back on their own topic with the key and bytes they had, once each. Publish first, mark afterwards,
 * under the row's lock: a crash in between can replay a letter twice, which attempt 1's primary key and the digest
 * bear, and can lose none.
 */
export async function replayLetters(
  { database, producer, topics }: ReplayParts,
  filter: LetterFilter,
  decision: { by: string; why: string | null },
): Promise<Replayed> {
  const result: Replayed = { replayed: [], refused: [] };
  // Letters that fail again come back with a later time; this run is about those that are there now.
  const until = filter.until ?? new Date();
  for (;;) {
    const done = await inTransaction(database, async (sql) => {
      const letters = await lockOpenLetters(sql, { ...filter, until }, AT_ONCE + result.refused.length);
      const known = new Set(result.refused.map(({ letterId }) => letterId));
      const next = letters.filter(({ letter_id }) => !known.has(letter_id)).slice(0, AT_ONCE);
      const sendable: LetterRow[] = [];
      for (const letter of next) {
        const why = refusal(letter, topics, new Date());
        if (why === undefined) sendable.push(letter);
        else result.refused.push({ letterId: letter.letter_id, why });
      }
      await publish(producer, sendable);
      const ids = sendable.map(({ letter_id }) => letter_id);
      await decideLetters(sql, ids, { state: 'replayed', ...decision });
      return { ids, more: next.length === AT_ONCE };
    });
    result.replayed.push(...done.ids);
    if (!done.more) return result;
  }
}

/** Why a letter may not be replayed; undefined where it may. */
export function refusal(
  { topic, record, lettered_at }: LetterRow,
  topics: readonly string[],
  now: Date,
): string | undefined {
  if (topic === TOPICS.deadLetter.name || !topics.includes(topic))
    return `it did not come from a topic of this installation (${topic}): discard it`;
  if (record === null) return 'it has no content, or too much for a letter: discard it';
  // Protocol rule N: attempts outlive every topic's retention, or a replay could pay again.
  if (now.getTime() - lettered_at.getTime() > TOPICS.deadLetter.retentionMs)
    return 'it is older than the dead-letter topic keeps records: discard it and send the request anew';
  return undefined;
}

async function publish(producer: RecordProducer, letters: readonly LetterRow[]): Promise<void> {
  for (const topic of new Set(letters.map((letter) => letter.topic))) {
    const records = letters
      .filter((letter) => letter.topic === topic)
      .map(({ record_key, record }) => ({ key: record_key?.toString('utf8') ?? null, value: record! }));
    await producer.send(topic, records);
  }
}

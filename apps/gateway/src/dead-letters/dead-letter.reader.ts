import { createHash } from 'node:crypto';
import { uuidOfHash } from '@gpo/g2p-connect-schemas';
import { TOPICS, type InRecord } from '@gpo/messaging';

/** A dead letter as it is stored: the record that nobody could handle, where it came from, and why. */
export interface StoredLetter {
  letterId: string;
  reason: string;
  detail: string | null;
  topic: string;
  partition: number;
  offset: string;
  key: Buffer | null;
  value: Buffer | null;
  at: Date;
}

const REASON = /^[a-z_]+(?:\.[a-z_]+){1,3}$/;
const DETAIL_MAX = 1000;

/**
 * Reads a record of g2p.dead-letter. One that DeadLetters did not write is kept as a letter about itself: nothing on
 * this topic may ever become a further dead letter, or two would feed each other for ever.
 */
export function readLetter(record: InRecord): StoredLetter {
  const letter = parseLetter(record) ?? aboutItself(record);
  return { ...letter, letterId: letterId(letter) };
}

type Unnamed = Omit<StoredLetter, 'letterId'>;

function parseLetter({ key, value }: InRecord): Unnamed | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(value?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null) return undefined;
  const {
    reason,
    detail,
    topic,
    partition,
    offset,
    value_base64: base64,
    at,
  } = parsed as Record<string, unknown>;
  if (typeof reason !== 'string' || !REASON.test(reason)) return undefined;
  if (typeof topic !== 'string' || !isCount(partition) || !/^\d{1,18}$/.test(String(offset)))
    return undefined;
  const time = typeof at === 'string' ? new Date(at) : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) return undefined;
  return {
    reason,
    detail: typeof detail === 'string' ? storable(detail).slice(0, DETAIL_MAX) : null,
    topic: storable(topic),
    partition,
    offset: String(offset),
    key: key === null ? null : Buffer.from(key, 'utf8'),
    value: typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null,
    at: time,
  };
}

function aboutItself({ key, value, partition, offset }: InRecord): Unnamed {
  return {
    reason: 'record.unreadable',
    detail: 'written to the dead-letter topic by somebody else',
    topic: TOPICS.deadLetter.name,
    partition,
    offset,
    key: key === null ? null : Buffer.from(key, 'utf8'),
    value,
    at: new Date(),
  };
}

/** The same for the same failure of the same record, so that a batch that came again is no second letter. */
function letterId({ topic, partition, offset, reason, value }: Unnamed): string {
  const hash = createHash('sha256').update(JSON.stringify([topic, partition, offset, reason]));
  if (value !== null) hash.update(value);
  return uuidOfHash(hash.digest('hex'));
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 31;
}

/** PostgreSQL takes no NUL. */
function storable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd');
}

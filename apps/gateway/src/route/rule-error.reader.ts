import { UnreadableRecord, parseObject, type InRecord } from '@gpo/messaging';

/** What Nussknacker says about a message that a scenario could not handle. */
export interface RuleError {
  scenario: string;
  node: string;
  /** Why, in Nussknacker's words. May hold parts of the message, so it stays in PostgreSQL and out of logs. */
  message: string;
  /** Key of the message, where Nussknacker still knew it; a message refused by the source itself has none. */
  sourceKey: string | null;
  happenedAt: Date;
}

const NAME_MAX = 200;
const MESSAGE_MAX = 2000;

/** Reads a record of g2p.nu-errors; every record becomes a row, also one that is not what Nussknacker writes. */
export function readRuleError(record: InRecord, now: Date): RuleError {
  let event: Record<string, unknown>;
  try {
    event = parseObject(record);
  } catch (error) {
    if (!(error instanceof UnreadableRecord)) throw error;
    return { scenario: '', node: '', message: error.message, sourceKey: null, happenedAt: now };
  }
  const { processName, nodeId, message, timestamp, inputEvent } = event;
  const meta = member(inputEvent, 'inputMeta');
  return {
    scenario: text(processName, NAME_MAX),
    node: text(nodeId, NAME_MAX),
    message: text(message, MESSAGE_MAX),
    sourceKey:
      text(member(meta, 'key') ?? member(member(inputEvent, 'input'), 'disbursement_id'), NAME_MAX) || null,
    happenedAt: time(timestamp) ?? now,
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** PostgreSQL holds no NUL in a text. */
function text(value: unknown, longest: number): string {
  return typeof value === 'string' ? value.replaceAll('\0', '').slice(0, longest) : '';
}

const YEAR_9999_MS = 253_402_300_799_000;

function time(value: unknown): Date | undefined {
  return typeof value === 'number' && value > 0 && value < YEAR_9999_MS ? new Date(value) : undefined;
}

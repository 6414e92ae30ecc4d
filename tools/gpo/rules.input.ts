import { existsSync, readFileSync } from 'node:fs';
import {
  BadJson,
  PROFILES,
  batchId,
  isNumberText,
  parseAmount,
  parseExact,
  plain,
  type Money,
} from '@gpo/g2p-connect-schemas';
import { TOPICS } from '@gpo/messaging';
import { ApiError } from '../../apps/gateway/src/api-error.js';
import { requestValue } from '../../apps/gateway/src/dispatch/request.message.js';
import type { NewLine } from '../../apps/gateway/src/intake/batch.repository.js';
import type { NewRefusedLine } from '../../apps/gateway/src/intake/refused-line.repository.js';
import { readDisburseMessage } from '../../apps/gateway/src/intake/disburse.message.js';
import { objectOrNone } from '../../apps/gateway/src/intake/envelope.js';
import { readLines } from '../../apps/gateway/src/intake/submission.reader.js';
import type { Sender } from '../../apps/gateway/src/senders/sender.js';
import { SenderRegistry } from '../../apps/gateway/src/senders/sender-registry.js';
import { CommandFailed } from './command-failed.js';
import { readCsv } from './rules.csv.js';
import { NotAnObject, memberTexts } from './rules.json-slice.js';

/** One line of the user's file: a record for the scenario, or what intake refuses without asking any rule. */
export interface InputLine {
  line: number;
  referenceId: string;
  payeeFa: string;
  /** As it is stored, or as it was written where it is no amount. */
  amount: string;
  currencyCode: string;
  money: Pick<Money, 'minor' | 'exponent'> | null;
  record?: { key: string | null; value: Buffer };
  refused?: { errors: readonly string[]; message: string };
}

export interface Input {
  /** How the file was read, in one sentence. */
  about: string;
  /** Topic that the records would stand on. */
  topic: string;
  lines: InputLine[];
}

export interface InputOptions {
  sender?: string | undefined;
  sendersFile: string;
  linesMax: number;
  topic?: string | undefined;
}

const DRY_RUN = 'dry-run';

/**
 * Reads the file of a dry run: a list (CSV), a G2P Connect disburse message or an array of its lines (JSON), each read
 * as intake reads it; or records `{"key", "value"}` of any topic (JSON lines, .jsonl).
 * @throws CommandFailed where intake would refuse the whole message, or the file cannot be read.
 */
export async function readInput(path: string, options: InputOptions): Promise<Input> {
  if (!existsSync(path)) throw new CommandFailed(`There is no file ${path}.`, 2);
  const bytes = readFileSync(path);
  const topic = options.topic ?? TOPICS.request.name;
  if (/\.(jsonl|ndjson)$/i.test(path)) return readRecords(path, bytes, topic);
  if (options.topic !== undefined && topic !== TOPICS.request.name)
    throw new CommandFailed(`--topic needs records in a file *.jsonl; ${path} holds requests.`, 1);
  const registry = SenderRegistry.fromFile(options.sendersFile);
  const first = bytes
    .toString('latin1', 0, 64)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()[0];
  if (first !== '{' && first !== '[') {
    const sender = senderOf(registry, options.sender, undefined);
    const { rows, ignored } = readCsv(path, bytes);
    const unread = ignored.length === 0 ? '' : ` Columns that are not read: ${ignored.join(', ')}.`;
    const lines = await readLines(sender, PROFILES[sender.profile], DRY_RUN, rows);
    return { about: `${about(sender)}${unread}`, topic, lines: inputLines(sender, DRY_RUN, lines) };
  }
  return readJson(path, bytes, registry, options);
}

async function readJson(
  path: string,
  bytes: Buffer,
  registry: SenderRegistry,
  options: InputOptions,
): Promise<Input> {
  const topic = TOPICS.request.name;
  try {
    const value = parseExact(bytes);
    if (Array.isArray(value)) {
      const sender = senderOf(registry, options.sender, undefined);
      const read = await readLines(sender, PROFILES[sender.profile], DRY_RUN, value);
      return { about: about(sender), topic, lines: inputLines(sender, DRY_RUN, read) };
    }
    const named = objectOrNone(objectOrNone(value)?.header)?.sender_id;
    const sender = senderOf(registry, options.sender, named);
    const message = await readDisburseMessage(sender, bytes, options.linesMax);
    return { about: about(sender), topic, lines: inputLines(sender, message.transactionId, message) };
  } catch (cause) {
    if (cause instanceof BadJson) throw new CommandFailed(`${path}: ${cause.message}`, 1, { cause });
    if (!(cause instanceof ApiError)) throw cause;
    throw new CommandFailed(
      `${path}: intake would refuse the whole message with ${cause.code}: ${cause.message}`,
      1,
      { cause },
    );
  }
}

/** The sender that was asked for, else the one that the message names, else the first of the file. */
function senderOf(registry: SenderRegistry, asked: string | undefined, named: unknown): Sender {
  const [first] = registry.all;
  if (asked !== undefined) {
    const sender = registry.get(asked);
    if (sender !== undefined) return sender;
    const ids = registry.all.map(({ id }) => id).join(', ');
    throw new CommandFailed(`The senders file knows no sender "${asked}"; it knows ${ids}.`, 2);
  }
  const sender =
    registry.all.find(({ id, aliases }) => id === named || aliases.includes(String(named))) ?? first;
  if (sender === undefined) throw new CommandFailed('The senders file holds no sender.', 1);
  return sender;
}

function about({ id, profile }: Sender): string {
  return `Read as intake reads what the sender ${id} sends (profile ${profile}).`;
}

function inputLines(
  sender: Sender,
  transactionId: string,
  { lines, refused }: { lines: readonly NewLine[]; refused: readonly NewRefusedLine[] },
): InputLine[] {
  const batch = batchId(sender.id, transactionId);
  return [
    ...lines.map((line) => readable(sender, transactionId, batch, line)),
    ...refused.map(unreadable),
  ].sort((a, b) => a.line - b.line);
}

function readable(sender: Sender, transactionId: string, batch: string, line: NewLine): InputLine {
  const value = requestValue({
    sender_id: sender.id,
    transaction_id: transactionId,
    reference_id: line.referenceId,
    batch_id: batch,
    disbursement_id: line.disbursementId,
    payer_fa: line.payerFa,
    payee_fa: line.payeeFa,
    payee_scheme: line.payeeScheme,
    payee_id: line.payeeId,
    payee_provider: line.payeeProvider,
    payee_name: line.payeeName,
    amount: line.amount,
    currency_code: line.currencyCode,
    note: line.note,
    purpose: line.purpose,
    scheduled_timestamp: line.scheduledTimestamp,
    // Only the record knows who else pays this payee.
    duplicate_payee_of: null,
    violations: [...line.violations],
  });
  return {
    line: line.lineNo,
    referenceId: line.referenceId,
    payeeFa: line.payeeFa,
    amount: line.amount,
    currencyCode: line.currencyCode,
    money: line.amountMinor === null ? null : { minor: line.amountMinor, exponent: line.exponent ?? 2 },
    record: { key: line.disbursementId, value: Buffer.from(value) },
  };
}

function unreadable({ lineNo, referenceId, errors, message, line }: NewRefusedLine): InputLine {
  const fields = objectOrNone(line) ?? {};
  return {
    ...money(text(fields.amount), text(fields.currency_code)),
    line: lineNo,
    referenceId: referenceId ?? '',
    payeeFa: text(fields.payee_fa),
    refused: { errors, message },
  };
}

function readRecords(path: string, bytes: Buffer, topic: string): Input {
  const texts = bytes.toString('utf8').split('\n');
  if (texts.at(-1) === '') texts.pop();
  const lines = texts.map((line, index): InputLine => {
    try {
      const members = memberTexts(line);
      const value = members.get('value') ?? 'null';
      const key = JSON.parse(members.get('key') ?? 'null') as unknown;
      return {
        ...known(value),
        line: index + 1,
        record: { key: typeof key === 'string' ? key : null, value: Buffer.from(value) },
      };
    } catch (cause) {
      if (!(cause instanceof NotAnObject)) throw cause;
      throw new CommandFailed(`${path}, line ${index + 1}: ${cause.message}.`, 1, { cause });
    }
  });
  return { about: `Records as they would stand on ${topic}.`, topic, lines };
}

/** What a record says of its disbursement; a value that is no message says nothing. */
function known(value: string): Omit<InputLine, 'line'> {
  const fields = objectOrNone(JSON.parse(value) as unknown) ?? {};
  return {
    ...money(text(fields.amount), text(fields.currency_code)),
    referenceId: text(fields.reference_id),
    payeeFa: text(fields.payee_fa),
  };
}

function money(amount: string, currencyCode: string): Pick<InputLine, 'amount' | 'currencyCode' | 'money'> {
  const parsed = parseAmount(amount, currencyCode);
  return { amount, currencyCode, money: parsed.ok ? parsed : null };
}

function text(value: unknown): string {
  if (isNumberText(value)) return plain(value);
  return typeof value === 'string' ? value : '';
}

import { randomUUID } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { callbackBody, type CallbackLine } from '../callback/callback.body.js';
import { insertCallback } from '../callback/callback.repository.js';
import { toldContent, type NewLine } from './batch.repository.js';

/** The words of a line whose reference exists with other content (protocol rule B). */
export const CONFLICT = {
  code: 'rjct.reference_id.duplicate',
  message:
    'This reference_id exists with another payer, payee, amount or currency; that disbursement is untouched.',
} as const;

/** A message of a batch that is known already. */
export interface LaterMessage {
  batchId: string;
  senderId: string;
  transactionId: string;
  correlationId: string;
  messageId: string;
  contentDigest: Buffer;
  /** Where its refused lines are told; null = nobody is called. */
  callbackUrl: string | null;
  /** Lines in the message, good ones included. */
  lines: number;
}

/**
 * D13: for strict senders a message_id is a key. The same one with the same content is a repetition and passes.
 * @throws ApiError rjct.message_id.duplicate; the caller's transaction must end.
 */
export async function claimMessageId(
  sql: Sql,
  key: { senderId: string; messageId: string; batchId: string; contentDigest: Buffer },
): Promise<void> {
  const { senderId, messageId, batchId, contentDigest } = key;
  const inserted = await sql.query<unknown[]>(
    `INSERT INTO message_key (sender_id, message_id, batch_id, content_digest) VALUES ($1, $2, $3, $4)
     ON CONFLICT (sender_id, message_id) DO NOTHING RETURNING 1`,
    [senderId, messageId, batchId, contentDigest],
  );
  if (inserted.length > 0) return;
  const [known] = await sql.query<{ same: boolean }[]>(
    'SELECT batch_id = $3 AND content_digest = $4 AS same FROM message_key WHERE sender_id = $1 AND message_id = $2',
    [senderId, messageId, batchId, contentDigest],
  );
  if (known?.same === true) return;
  throw new ApiError(
    'rjct.message_id.duplicate',
    'The header message_id was used for another message: give each message its own.',
  );
}

/**
 * Keeps conflicting lines as refused lines of this message, outside the counts of the batch, and tells them in
 * callbacks of their own. The same message again adds nothing. The caller holds the batch's row.
 * @returns true where a callback follows, now or from before.
 */
export async function refuseConflicts(
  sql: Sql,
  message: LaterMessage,
  conflicting: readonly NewLine[],
  sender: { gatewayId: string; chunkItems: number },
): Promise<boolean> {
  if (conflicting.length === 0) return false;
  const stored = await sql.query<unknown[]>(
    `INSERT INTO message_refusal (batch_id, content_digest, line_no, reference_id, errors, message, line)
     SELECT $1, $2, u.line_no, u.reference_id, ARRAY[$6::text], $7, u.line
       FROM unnest($3::int[], $4::text[], $5::jsonb[]) AS u(line_no, reference_id, line)
     ON CONFLICT DO NOTHING RETURNING line_no`,
    [
      message.batchId,
      message.contentDigest,
      conflicting.map(({ lineNo }) => lineNo),
      conflicting.map(({ referenceId }) => referenceId),
      conflicting.map((line) => JSON.stringify(sentContent(line))),
      CONFLICT.code,
      CONFLICT.message,
    ],
  );
  const { callbackUrl } = message;
  if (stored.length > 0 && callbackUrl !== null) {
    for (let from = 0; from < conflicting.length; from += sender.chunkItems) {
      const chunk = conflicting.slice(from, from + sender.chunkItems);
      await storeCallback(sql, { ...message, callbackUrl }, chunk, from + chunk.length, sender.gatewayId);
    }
  }
  return callbackUrl !== null;
}

/** The content that differs, as it was read; what is published to g2p.malformed-input. */
function sentContent(line: NewLine): Record<string, string> {
  return {
    reference_id: line.referenceId,
    payer_fa: line.payerAbsent ? '' : line.payerFa,
    payee_fa: line.payeeFa,
    amount: line.amount,
    currency_code: line.currencyCode,
  };
}

async function storeCallback(
  sql: Sql,
  message: LaterMessage & { callbackUrl: string },
  lines: readonly NewLine[],
  told: number,
  gatewayId: string,
): Promise<void> {
  const callbackId = randomUUID();
  const [[batch]] = await sql.query<[[{ version: number }], number]>(
    'UPDATE batch SET version = version + 1 WHERE batch_id = $1 RETURNING version',
    [message.batchId],
  );
  const body = callbackBody(
    {
      batch_id: message.batchId,
      sender_id: message.senderId,
      transaction_id: message.transactionId,
      correlation_id: message.correlationId,
      total: message.lines,
      final: told,
      succeeded: 0,
    },
    lines.map(toldLine),
    { callbackId, version: batch.version, gatewayId, last: true, ofMessage: message.messageId },
  );
  await insertCallback(sql, {
    callbackId,
    senderId: message.senderId,
    verb: 'on-disburse',
    url: message.callbackUrl,
    batchId: message.batchId,
    version: batch.version,
    body,
    items: lines.length,
  });
}

function toldLine(line: NewLine): CallbackLine {
  return {
    reference_id: line.referenceId,
    told_state: 'malformed',
    row_state: 'malformed',
    reason: CONFLICT.code,
    message: CONFLICT.message,
    updated_at: new Date(),
    ...toldContent(line),
  };
}

import { randomUUID } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import { insertCallback } from '../callback/callback.repository.js';
import type { CallbackVerb } from '../intake/callback-url.js';
import type { SearchQuestion } from './search.service.js';

/** Callbacks that answer a question. */
export type QuestionVerb = Exclude<CallbackVerb, 'on-disburse'>;

export interface NewQuestion {
  /** Also the correlation id of Ack and answer. */
  questionId: string;
  senderId: string;
  verb: QuestionVerb;
  /** Where the answer goes. */
  url: string;
  question: { transactionId: string };
}

/** Stores a question with the callback that will answer it; one that is stored already is left as it is. */
export async function storeQuestion(sql: Sql, asked: NewQuestion): Promise<void> {
  const { questionId, senderId, verb, url, question } = asked;
  const isNew = await sql.query<unknown[]>(
    `INSERT INTO question (question_id, sender_id, verb, transaction_id, question) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [questionId, senderId, verb, question.transactionId, JSON.stringify(question)],
  );
  if (isNew.length === 0) return;
  const callback = { callbackId: randomUUID(), senderId, verb, url, questionId, version: 1 };
  await insertCallback(sql, { ...callback, body: null, items: 0 });
}

/** A search that was asked asynchronously. */
export interface StoredSearch {
  question_id: string;
  question: SearchQuestion;
}

/** The sender's searches of this transaction, with this correlation id, or with a criterion of these references; newest first. */
export async function storedSearches(
  sql: Sql,
  senderId: string,
  by: 'transaction_id' | 'correlation_id' | 'reference_id_list',
  values: readonly string[],
  limit: number,
): Promise<StoredSearch[]> {
  return sql.query<StoredSearch[]>(
    `SELECT question_id, question FROM question
      WHERE sender_id = $1 AND verb = 'on-search' AND ${SEARCH_CONDITION[by]}
      ORDER BY asked_at DESC LIMIT $3`,
    [senderId, values, limit],
  );
}

const SEARCH_CONDITION = {
  transaction_id: 'transaction_id = ANY($2::text[])',
  correlation_id: 'question_id::text = ANY($2::text[])',
  reference_id_list: `EXISTS (SELECT FROM jsonb_array_elements(question->'criteria') AS c
                               WHERE c->>'referenceId' = ANY($2::text[]))`,
} as const;

import { parseTimestamp } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { readObject, readReason, textWithin } from '../hold/decision.body.js';
import { REVIEW_DECISIONS, type ReviewDecision, type ReviewVerdict } from './review.repository.js';

const STATEMENT_MIN = 3;
const STATEMENT_MAX = 200;
const NAME_MAX = 100;

type Body = Record<string, unknown>;

/** Reads a decision about an attempt in review. @throws ApiError err.request.bad with the field that is wrong. */
export function readVerdict(
  operatorId: string,
  disbursementId: string,
  body: Buffer | undefined,
): { verdict: ReviewVerdict; lane: string | undefined } {
  const fields = readObject(body);
  const decision = readDecision(fields);
  const [attemptNo, outcomeSeq] = readSeen(fields);
  const statement = textWithin(fields.statement, STATEMENT_MIN, STATEMENT_MAX);
  if (statement === undefined)
    throw bad(
      `statement must say where the rail's statement is: ${STATEMENT_MIN} to ${STATEMENT_MAX} characters.`,
    );
  const verdict = {
    disbursementId,
    attemptNo,
    outcomeSeq,
    decision,
    operatorId,
    reason: readReason(fields),
    statement,
    statementAt: readStatementAt(fields, decision),
    railReference: readName(fields, 'rail_reference') ?? null,
  };
  return { verdict, lane: readName(fields, 'lane') };
}

function readDecision({ decision }: Body): ReviewDecision {
  const found = REVIEW_DECISIONS.find((one) => one === decision);
  if (found === undefined) throw bad(`decision must be one of: ${REVIEW_DECISIONS.join(', ')}.`);
  return found;
}

function readSeen({ seen }: Body): [number, number] {
  const [, attempt, sequence] = /^(\d{1,9})\.(\d{1,9})$/.exec(typeof seen === 'string' ? seen : '') ?? [];
  if (attempt === undefined || sequence === undefined)
    throw bad('seen must be that of the review, such as "1.1", so that the decision is about what you saw.');
  return [Number(attempt), Number(sequence)];
}

function readStatementAt({ statement_at: value }: Body, decision: ReviewDecision): string | null {
  const needed = decision === 'not-paid' || decision === 'pay-again';
  if (value === undefined && !needed) return null;
  const time = typeof value === 'string' ? parseTimestamp(value, false) : null;
  if (time === null)
    throw bad(
      'statement_at must be the time up to which the statement tells everything: ISO 8601 with offset.',
    );
  return time.toISOString();
}

function readName(fields: Body, name: 'rail_reference' | 'lane'): string | undefined {
  if (fields[name] === undefined) return undefined;
  const text = textWithin(fields[name], 1, NAME_MAX);
  if (text === undefined) throw bad(`${name} must be a text of 1 to ${NAME_MAX} characters, or absent.`);
  return text;
}

function bad(sentence: string): ApiError {
  return new ApiError('err.request.bad', sentence);
}

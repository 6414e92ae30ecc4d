import { randomUUID } from 'node:crypto';

/** A question of interface A, read and checked, with the header it came with. */
export interface Asked<Question> {
  header: Record<string, unknown>;
  question: Question;
}

/** What an answer is called. */
export interface AnswerHead {
  messageId: string;
  /** That of the Ack, where there was one (D24). */
  correlationId: string;
}

/** The head of an answer that is given at once. */
export function newAnswer(): AnswerHead {
  return { messageId: randomUUID(), correlationId: randomUUID() };
}

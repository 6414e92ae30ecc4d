import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  TxnStatusRequestMessageDto,
  compileDto,
  isNumberText,
  plain,
  type InterfacePath,
} from '@gpo/g2p-connect-schemas';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { TRANSACTION_ID_MAX } from '../intake/disburse.message.js';
import { objectOrNone, readEnvelope, textOf } from '../intake/envelope.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { newAnswer, type AnswerHead, type Asked } from './asked.js';
import { lineStatus } from './line-status.js';
import { storedSearches } from './question.repository.js';
import { SearchService } from './search.service.js';
import { linesByReference, linesOfBatch } from './status.repository.js';

/** Most searches that one question of txn_type search brings, the newest. */
const SEARCHES_MAX = 100;

/** The question of a TxnStatusRequest, discriminated by attribute_type (D5). */
type Question =
  { by: 'transaction_id' | 'correlation_id'; value: string } | { by: 'reference_id_list'; values: string[] };

const invalidFields = compileDto(TxnStatusRequestMessageDto);

/** A TxnStatusRequest, read and checked. */
export interface TxnStatusQuestion {
  transactionId: string;
  /** What is asked about: disbursements, or searches. */
  of: 'disburse' | 'search';
  question: Question;
}

/** Answers G2P Connect txn/status from the rows. */
@Injectable()
export class TxnStatusService {
  constructor(
    private readonly record: ReadPool,
    private readonly config: GatewayConfig,
    private readonly search: SearchService,
  ) {}

  /** @throws ApiError when the question cannot be read. */
  async read(
    sender: Sender,
    body: Buffer | undefined,
    path: InterfacePath,
  ): Promise<Asked<TxnStatusQuestion>> {
    const profile = profileOf(sender);
    const { header, message } = await readEnvelope(body, sender, profile, path);
    const request = objectOrNone(message.txnstatus_request);
    if (request === undefined) throw new ApiError('err.request.bad', 'The message has no txnstatus_request.');
    const question = readQuestion(request);
    const [field] = profile.requireEnvelope ? invalidFields(message) : [];
    if (field !== undefined)
      throw new ApiError('err.request.bad', `The message field ${field} is not valid.`);
    const given = textOf(message.transaction_id) ?? '';
    const transactionId = given === '' ? randomUUID() : given.slice(0, TRANSACTION_ID_MAX);
    const of = request.txn_type === 'search' ? 'search' : 'disburse';
    return { header, question: { transactionId, of, question } };
  }

  /**
   * Unknown references are left out, never an error: a poll names payments that were never sent.
   * @param head of the answer; absent = one that is given at once.
   */
  async answer(
    sender: Sender,
    asked: TxnStatusQuestion,
    head: AnswerHead = newAnswer(),
  ): Promise<Record<string, unknown>> {
    const { statuses, about } = await (asked.of === 'search'
      ? this.searches(sender, asked)
      : this.disbursements(sender, asked));
    const asList = asked.question.by === 'reference_id_list' && profileOf(sender).statusShape === 'list';
    // D4: the type of the answer is told by txn_type, and the action says the same.
    const type = `on-${asked.of}`;
    return {
      header: {
        version: '1.0.0',
        message_id: head.messageId,
        message_ts: new Date().toISOString(),
        action: type,
        status: 'succ',
        total_count: statuses.length,
        completed_count: statuses.filter(({ status }) => status !== 'pdng').length,
        sender_id: this.config.gatewayId,
        receiver_id: sender.id,
        is_msg_encrypted: false,
      },
      message: {
        transaction_id: asked.transactionId,
        correlation_id: head.correlationId,
        txnstatus_response: {
          txn_type: type,
          // D8: references may span transactions, so the list form is what deployed clients read.
          txn_status: asList ? statuses : { ...about, disbursements_status: statuses },
        },
      },
    };
  }

  private async disbursements(
    sender: Sender,
    { transactionId, question }: TxnStatusQuestion,
  ): Promise<Found> {
    const lines =
      question.by === 'reference_id_list'
        ? await linesByReference(this.record, sender.id, question.values)
        : await linesOfBatch(this.record, sender.id, question.by, question.value);
    const statuses = lines.map((line) => lineStatus(line));
    return { statuses, about: { transaction_id: lines[0]?.transaction_id ?? transactionId } };
  }

  /** D7: the status of a search is a SearchResponse, what the search finds now. */
  private async searches(sender: Sender, { transactionId, question }: TxnStatusQuestion): Promise<Found> {
    const values = question.by === 'reference_id_list' ? question.values : [question.value];
    const found = await storedSearches(this.record, sender.id, question.by, values, SEARCHES_MAX);
    const criteria = found.flatMap(({ question: { criteria: all } }) =>
      question.by === 'reference_id_list'
        ? all.filter(({ referenceId }) => values.includes(referenceId))
        : all,
    );
    const [first] = found;
    return {
      statuses: await this.search.find(sender, criteria),
      about: {
        transaction_id: first?.question.transactionId ?? transactionId,
        ...(first === undefined ? {} : { correlation_id: first.question_id }),
      },
    };
  }
}

interface Found {
  statuses: Record<string, unknown>[];
  /** Of the one transaction that is told in the form of the specification. */
  about: { transaction_id: string; correlation_id?: string };
}

function readQuestion(request: Record<string, unknown>): Question {
  const { attribute_type: by, attribute_value: value } = request;
  if (by === 'reference_id_list') {
    if (!Array.isArray(value))
      throw new ApiError('err.request.bad', 'attribute_value must be a list of reference ids.');
    return { by, values: value.flatMap(reference) };
  }
  if (by === 'transaction_id' || by === 'correlation_id') {
    const text = textOf(value);
    if (text === undefined) throw new ApiError('err.request.bad', 'attribute_value must be text.');
    return { by, value: text };
  }
  throw new ApiError(
    'err.request.bad',
    'attribute_type must be transaction_id, reference_id_list or correlation_id.',
  );
}

/** A reference as intake stores it; false and null, which clients send for unset ones, name nothing. */
function reference(value: unknown): string[] {
  if (isNumberText(value)) return [plain(value)];
  return typeof value === 'string' ? [value] : [];
}

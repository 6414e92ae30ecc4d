import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  TxnStatusRequestMessageDto,
  compileDto,
  isNumberText,
  plain,
  type InterfacePath,
} from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { TRANSACTION_ID_MAX } from '../intake/disburse.message.js';
import { objectOrNone, readEnvelope, textOf } from '../intake/envelope.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { lineStatus } from './line-status.js';
import { linesByReference, linesOfBatch, type StatusLine } from './status.repository.js';

/** The question of a TxnStatusRequest, discriminated by attribute_type (D5). */
type Question =
  { by: 'transaction_id' | 'correlation_id'; value: string } | { by: 'reference_id_list'; values: string[] };

const invalidFields = compileDto(TxnStatusRequestMessageDto);

/** A TxnStatusRequest, read and checked. */
export interface TxnStatusQuestion {
  transactionId: string;
  question: Question;
}

/** Answers G2P Connect txn/status from the rows. */
@Injectable()
export class TxnStatusService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws ApiError when the question cannot be read. */
  async read(sender: Sender, body: Buffer | undefined, path: InterfacePath): Promise<TxnStatusQuestion> {
    const profile = profileOf(sender);
    const { message } = await readEnvelope(body, sender, profile, path);
    const request = objectOrNone(message.txnstatus_request);
    if (request === undefined) throw new ApiError('err.request.bad', 'The message has no txnstatus_request.');
    const question = readQuestion(request);
    const [field] = profile.requireEnvelope ? invalidFields(message) : [];
    if (field !== undefined)
      throw new ApiError('err.request.bad', `The message field ${field} is not valid.`);
    const given = textOf(message.transaction_id) ?? '';
    return { transactionId: given === '' ? randomUUID() : given.slice(0, TRANSACTION_ID_MAX), question };
  }

  /** Unknown references are left out, never an error: a poll names payments that were never sent. */
  async answer(
    sender: Sender,
    { transactionId, question }: TxnStatusQuestion,
  ): Promise<Record<string, unknown>> {
    const lines =
      question.by === 'reference_id_list'
        ? await linesByReference(this.dataSource, sender.id, question.values)
        : await linesOfBatch(this.dataSource, sender.id, question.by, question.value);
    const asList = question.by === 'reference_id_list' && profileOf(sender).statusShape === 'list';
    return this.message(sender, transactionId, lines, asList);
  }

  private message(
    sender: Sender,
    transactionId: string,
    lines: readonly StatusLine[],
    asList: boolean,
  ): Record<string, unknown> {
    const statuses = lines.map((line) => lineStatus(line));
    return {
      header: {
        version: '1.0.0',
        message_id: randomUUID(),
        message_ts: new Date().toISOString(),
        action: 'on-disburse',
        status: 'succ',
        total_count: statuses.length,
        completed_count: statuses.filter(({ status }) => status !== 'pdng').length,
        sender_id: this.config.gatewayId,
        receiver_id: sender.id,
        is_msg_encrypted: false,
      },
      message: {
        transaction_id: transactionId,
        correlation_id: randomUUID(),
        txnstatus_response: {
          txn_type: 'on-disburse',
          // D8: references may span transactions, so the list form is what deployed clients read.
          txn_status: asList
            ? statuses
            : { transaction_id: lines[0]?.transaction_id ?? transactionId, disbursements_status: statuses },
        },
      },
    };
  }
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

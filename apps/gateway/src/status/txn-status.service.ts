import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PROFILES, actionsOf, isNumberText, plain, type InterfacePath } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { objectOrNone, readEnvelope, type Envelope } from '../intake/envelope.js';
import type { Sender } from '../senders/sender.js';
import { lineStatus } from './line-status.js';
import { linesByReference, linesOfBatch, type StatusLine } from './status.repository.js';

/** The question of a TxnStatusRequest, discriminated by attribute_type (D5). */
type Question =
  { by: 'transaction_id' | 'correlation_id'; value: string } | { by: 'reference_id_list'; values: string[] };

/** Answers G2P Connect txn/status from the rows. */
@Injectable()
export class TxnStatusService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  /** Reads the question without answering it. @throws ApiError when it cannot be read. */
  async read(
    sender: Sender,
    body: Buffer | undefined,
    path: InterfacePath,
  ): Promise<{ envelope: Envelope; question: Question }> {
    const envelope = await readEnvelope(body, sender, PROFILES[sender.profile], actionsOf(path));
    const request = objectOrNone(envelope.message.txnstatus_request);
    if (request === undefined) throw new ApiError('err.request.bad', 'The message has no txnstatus_request.');
    return { envelope, question: readQuestion(request) };
  }

  /** @throws ApiError when the question cannot be read. Unknown references are left out, never an error. */
  async answer(sender: Sender, body: Buffer | undefined): Promise<Record<string, unknown>> {
    const profile = PROFILES[sender.profile];
    const { envelope, question } = await this.read(sender, body, 'disburse/sync/txn/status');
    const lines =
      question.by === 'reference_id_list'
        ? await linesByReference(this.dataSource, sender.id, question.values)
        : await linesOfBatch(this.dataSource, sender.id, question.by, question.value);
    const asList = question.by === 'reference_id_list' && profile.statusShape === 'list';
    const transactionId = textOr(envelope.message.transaction_id, randomUUID());
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
    // A reference that intake took as a number is asked for as a number, too.
    const texts = value.map((item: unknown) => (isNumberText(item) ? plain(item) : item));
    return { by, values: texts.filter((item): item is string => typeof item === 'string') };
  }
  if (by === 'transaction_id' || by === 'correlation_id') {
    if (typeof value !== 'string') throw new ApiError('err.request.bad', 'attribute_value must be text.');
    return { by, value };
  }
  throw new ApiError(
    'err.request.bad',
    'attribute_type must be transaction_id, reference_id_list or correlation_id.',
  );
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === 'string' && value !== '' ? value : fallback;
}

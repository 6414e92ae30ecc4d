import { Injectable } from '@nestjs/common';
import {
  SEARCH_CRITERIA_MAX,
  SearchRequestMessageDto,
  compileDto,
  type InterfacePath,
} from '@gpo/g2p-connect-schemas';
import { ReadPool } from '@gpo/persistence';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { objectOrNone, readEnvelope } from '../intake/envelope.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { newAnswer, type AnswerHead, type Asked } from './asked.js';
import { lineStatus } from './line-status.js';
import { linesByAddress } from './status.repository.js';

/** Most disbursements that one criterion brings; more is said with rjct.srch.too_many_records_found. */
export const SEARCH_LINES_MAX = 1000;

const invalidFields = compileDto(SearchRequestMessageDto);

interface Criterion {
  referenceId: string;
  by: 'payee_fa' | 'payer_fa';
  address: string;
}

/** A SearchRequest, read and checked. */
export interface SearchQuestion {
  transactionId: string;
  criteria: Criterion[];
}

/** Answers G2P Connect search from the sender's own rows. */
@Injectable()
export class SearchService {
  constructor(
    private readonly record: ReadPool,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws ApiError when the question cannot be read. */
  async read(sender: Sender, body: Buffer | undefined, path: InterfacePath): Promise<Asked<SearchQuestion>> {
    const { header, message } = await readEnvelope(body, sender, profileOf(sender), path);
    const { search_criteria: criteria } = message;
    if (!Array.isArray(criteria) || criteria.length === 0 || criteria.length > SEARCH_CRITERIA_MAX)
      throw new ApiError('err.request.bad', `search_criteria must be a list of 1 to ${SEARCH_CRITERIA_MAX}.`);
    const [field] = invalidFields(message);
    if (field !== undefined)
      throw new ApiError('err.request.bad', `The message field ${field} is not valid.`);
    const question = {
      transactionId: message.transaction_id as string,
      criteria: criteria.map(readCriterion),
    };
    return { header, question };
  }

  /** @param head of the answer; absent = one that is given at once. */
  async answer(
    sender: Sender,
    { transactionId, criteria }: SearchQuestion,
    { messageId, correlationId }: AnswerHead = newAnswer(),
  ): Promise<Record<string, unknown>> {
    const found = await this.find(sender, criteria);
    const rejected = found.every(({ status }) => status === 'rjct');
    return {
      header: {
        version: '1.0.0',
        message_id: messageId,
        message_ts: new Date().toISOString(),
        action: 'on-search',
        status: 'succ',
        total_count: found.length,
        completed_count: rejected ? 0 : found.length,
        sender_id: this.config.gatewayId,
        receiver_id: sender.id,
        is_msg_encrypted: false,
      },
      message: {
        transaction_id: transactionId,
        correlation_id: correlationId,
        disbursements_status: found,
      },
    };
  }

  /** One entry per disbursement found; a criterion without any has an entry of its own, with the reason (D25, D27). */
  async find(sender: Sender, criteria: readonly Criterion[]): Promise<Record<string, unknown>[]> {
    const found: Record<string, unknown>[] = [];
    for (const criterion of criteria) found.push(...(await this.findOne(sender, criterion)));
    return found;
  }

  private async findOne(
    sender: Sender,
    { referenceId, by, address }: Criterion,
  ): Promise<Record<string, unknown>[]> {
    const lines = await linesByAddress(this.record, sender.id, by, address, SEARCH_LINES_MAX + 1);
    const told = lines.slice(0, SEARCH_LINES_MAX).map((line) => lineStatus(line));
    if (lines.length > SEARCH_LINES_MAX)
      told.push(nothing(referenceId, 'rjct.srch.too_many_records_found', 'Only the newest are told.'));
    if (lines.length === 0)
      told.push(
        nothing(referenceId, 'rjct_srch_reference_id.not_found', 'No disbursement has this address.'),
      );
    return told;
  }
}

function nothing(referenceId: string, code: string, message: string): Record<string, unknown> {
  return {
    reference_id: referenceId,
    timestamp: new Date().toISOString(),
    status: 'rjct',
    status_reason_code: code,
    status_reason_message: message,
  };
}

function readCriterion(value: unknown): Criterion {
  const criterion = objectOrNone(value);
  const { reference_id: referenceId, attribute_type: by, attribute_value: address } = criterion ?? {};
  if (
    typeof referenceId !== 'string' ||
    typeof address !== 'string' ||
    (by !== 'payee_fa' && by !== 'payer_fa')
  )
    throw new ApiError('err.request.bad', 'A search criterion is not complete.');
  return { referenceId, by, address };
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchId } from '@gpo/g2p-connect-schemas';
import { UnreadableRecord, type DeadLetter, type InRecord } from '@gpo/messaging';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { isSameContent, storedContents, type NewLine, type StoredContent } from './batch.repository.js';
import { callbackTarget } from './callback-url.js';
import { readDirectRequest, type DirectRequest } from './direct-request.reader.js';
import { IntakeService } from './intake.service.js';

// A producer that makes a batch of every line costs one transaction each; one after the other they could outlast the
// consumer's session.
const BATCHES_AT_ONCE = 4;

/**
 * Registers requests that a G2P system wrote to g2p.request itself: ids recomputed, the right checked, the same checks
 * and digest as over REST.
 */
@Injectable()
export class DirectRequestService {
  constructor(
    private readonly intake: IntakeService,
    private readonly senders: SenderRegistry,
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  /** Resolves after the commit. @returns the records that could not be registered, with the reason. */
  async register(records: readonly InRecord[]): Promise<DeadLetter[]> {
    const letters: DeadLetter[] = [];
    const requests: DirectRequest[] = [];
    for (const record of records) {
      try {
        requests.push(readDirectRequest(record, this.senders));
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        letters.push({ record, reason: 'record.unreadable', detail: error.message });
      }
    }
    const fresh = await this.unknown(requests, letters);
    const batches = byBatch(fresh);
    for (let from = 0; from < batches.length; from += BATCHES_AT_ONCE) {
      const group = batches.slice(from, from + BATCHES_AT_ONCE);
      letters.push(...(await Promise.all(group.map((batch) => this.accept(batch)))).flat());
    }
    return letters;
  }

  /**
   * Those that are not stored yet and may be. A stored line with the same content is a repeat, whoever wrote it; with
   * other content it becomes a letter and touches nothing.
   */
  private async unknown(requests: readonly DirectRequest[], letters: DeadLetter[]): Promise<DirectRequest[]> {
    const ids = requests.flatMap(({ line }) => (line === undefined ? [] : [line.disbursementId]));
    const known = await storedContents(this.dataSource, ids);
    return requests.filter(({ record, sender, line }) => {
      const stored = line && known.get(line.disbursementId);
      if (stored !== undefined) {
        if (!isSameContent(line!, stored)) letters.push(duplicate(record));
        return false;
      }
      if (!sender.kafka_direct) {
        letters.push({ record, reason: 'record.not_allowed', detail: 'this sender may not write to Kafka' });
        return false;
      }
      if (line !== undefined) known.set(line.disbursementId, asStored(line));
      return true;
    });
  }

  private async accept(batch: readonly DirectRequest[]): Promise<DeadLetter[]> {
    const { sender, transactionId, record } = batch[0]!;
    const lines = batch.flatMap(({ line }) => (line === undefined ? [] : [line]));
    const refused = batch.flatMap((request) => (request.refused === undefined ? [] : [request.refused]));
    const accepted = await this.intake
      .accept(sender, {
        transactionId,
        messageId: `kafka:${record.topic}:${record.partition}:${record.offset}`,
        callbackUrl: callbackTarget(sender, undefined, 'on-disburse', this.config.callbackAllowPrivate).url,
        channel: 'kafka',
        lines: lines.map((line, index) => ({ ...line, lineNo: index + 1 })),
        refused: refused.map((line, index) => ({ ...line, lineNo: lines.length + index + 1 })),
      })
      .catch(purged);
    if (accepted === undefined)
      return batch.map((request) => ({
        record: request.record,
        reason: 'record.purged',
        detail: 'its transaction ended long ago and was purged',
      }));
    const ids = new Set(accepted.conflicting.map(({ disbursementId }) => disbursementId));
    return batch
      .filter(({ line }) => line !== undefined && ids.has(line.disbursementId))
      .map((request) => duplicate(request.record));
  }
}

/** @returns undefined where the transaction was purged. @throws every other error. */
function purged(error: unknown): undefined {
  if (error instanceof ApiError && error.code === 'err.transaction.purged') return undefined;
  throw error;
}

/** What an earlier record of the same fetch will be once it is stored. */
function asStored({ disbursementId, referenceId, payerFa, digest, lineNo }: NewLine): StoredContent {
  return {
    disbursement_id: disbursementId,
    reference_id: referenceId,
    payer_fa: payerFa,
    digest,
    line_no: lineNo,
  };
}

function byBatch(requests: readonly DirectRequest[]): DirectRequest[][] {
  const batches = new Map<string, DirectRequest[]>();
  for (const request of requests) {
    const id = batchId(request.sender.id, request.transactionId);
    const batch = batches.get(id);
    if (batch === undefined) batches.set(id, [request]);
    else batch.push(request);
  }
  return [...batches.values()];
}

function duplicate(record: InRecord): DeadLetter {
  return { record, reason: 'rjct.reference_id.duplicate', detail: 'the reference exists with other content' };
}

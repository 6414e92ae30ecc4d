import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchId as batchIdOf } from '@gpo/g2p-connect-schemas';
import { Poller, inTransaction } from '@gpo/persistence';
import { BatchCancelService } from '../hold/batch-cancel.service.js';
import { findBatch } from '../hold/hold-mark.repository.js';
import type { Sender } from '../senders/sender.js';
import { BridgeRefusal } from './bridge.codes.js';
import { envelopeIdOf, readDeclared, today } from './bridge.envelope.js';
import { openEnvelope } from './bridge.intake.js';
import { fieldsOf, textOf, type BridgeCall, type Fields } from './bridge.message.js';
import { AMOUNTS, QUANTITIES } from './bridge.names.js';
import { linesById } from './bridge-line.repository.js';
import {
  amendEnvelope,
  markCancelEnded,
  markCancelled,
  moveDue,
  readCancelling,
  readEnvelope,
} from './bridge.repository.js';
import { transactionOf } from './bridge.ids.js';

const RESUME_MS = 60_000;
const REASON = 'cancelled over the Bridge API';

/** Envelopes and disbursements that are taken back or changed before their day. Rule C decides each line: paid or cancelled, never both. */
@Injectable()
export class BridgeCancelService implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly poller = new Poller({ name: 'bridge', idleMs: RESUME_MS, work: () => this.resume() });

  constructor(
    private readonly dataSource: DataSource,
    private readonly cancels: BatchCancelService,
  ) {}

  onApplicationBootstrap(): void {
    this.poller.start();
  }

  onApplicationShutdown(): Promise<void> {
    return this.poller.stop();
  }

  /** @throws BridgeRefusal */
  async cancelEnvelope(sender: Sender, { message }: BridgeCall): Promise<void> {
    const id = envelopeIdOf(oneOf(message)) ?? '';
    await inTransaction(this.dataSource, async (sql) => {
      const envelope = await openEnvelope(sql, sender.id, id);
      if (envelope.schedule_on <= today()) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_DATE_PASSED');
      await markCancelled(sql, sender.id, id);
    });
    await this.endCancel(sender.id, id);
  }

  /** New counts, sum and day; what has come stays in it. @throws BridgeRefusal */
  async amendEnvelope(sender: Sender, { message }: BridgeCall): Promise<void> {
    const fields = oneOf(message);
    const id = envelopeIdOf(fields) ?? '';
    await inTransaction(this.dataSource, async (sql) => {
      const envelope = await openEnvelope(sql, sender.id, id);
      if (envelope.schedule_on <= today() && envelope.received > 0)
        throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_DATE_PASSED');
      const names = envelope.benefit === null ? AMOUNTS : QUANTITIES;
      const declared = readDeclared(fields, names, envelope.currency_code, sender.bridge ?? {}, today());
      if (declared.disbursements < envelope.received) throw new BridgeRefusal('INVALID_NO_OF_DISBURSEMENTS');
      if (declared.totalMinor < BigInt(envelope.received_minor)) throw new BridgeRefusal(names.wrongTotal);
      await amendEnvelope(sql, sender.id, id, declared);
      if (declared.scheduleOn === envelope.schedule_on) return;
      const due =
        declared.scheduleOn > today() ? `${declared.scheduleOn}T00:00:00Z` : new Date().toISOString();
      await moveDue(sql, batchIdOf(sender.id, transactionOf(id)), due);
    });
  }

  /**
   * None is taken on where one cannot be cancelled. A line whose day comes while it is cancelled may be paid all the same.
   * @returns the ids of those that will not be paid. @throws BridgeRefusal
   */
  async cancelDisbursements(sender: Sender, { message }: BridgeCall): Promise<ReadonlySet<string>> {
    const ids = Array.isArray(message)
      ? message.map((item) => textOf(fieldsOf(item).disbursement_id) ?? '')
      : [];
    const lines = await linesById(this.dataSource, sender.id, ids);
    if (ids.length === 0 || new Set(ids).size !== lines.length)
      throw new BridgeRefusal('INVALID_DISBURSEMENT_ID');
    if (lines.some(({ cancelled }) => cancelled)) throw new BridgeRefusal('DISBURSEMENT_ALREADY_CANCELED');
    const byEnvelope = new Map<string, string[]>();
    for (const { envelope_id: envelope, bridge_id: id } of lines) {
      const some = byEnvelope.get(envelope);
      if (some === undefined) byEnvelope.set(envelope, [id]);
      else some.push(id);
    }
    for (const envelopeId of byEnvelope.keys()) {
      const envelope = await readEnvelope(this.dataSource, sender.id, envelopeId);
      if (envelope!.schedule_on <= today())
        throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED');
    }
    for (const [envelopeId, references] of byEnvelope) await this.cancel(sender.id, envelopeId, references);
    const after = await linesById(this.dataSource, sender.id, ids);
    const cancelled = new Set(after.filter((line) => line.cancelled).map(({ bridge_id: id }) => id));
    if (cancelled.size === 0) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED');
    return cancelled;
  }

  private async cancel(senderId: string, envelopeId: string, references?: readonly string[]): Promise<void> {
    const batch = await findBatch(this.dataSource, batchIdOf(senderId, transactionOf(envelopeId)), senderId);
    if (batch === undefined) return;
    const decision = {
      batchId: batch.batch_id,
      kind: 'sender' as const,
      actor: senderId,
      reason: REASON,
      after: 0,
    };
    for (let after: number | null = 0; after !== null;) {
      const done = { ...decision, after, ...(references === undefined ? {} : { references }) };
      ({ next: after } = await this.cancels.cancel(done, batch));
    }
  }

  private async endCancel(senderId: string, envelopeId: string): Promise<void> {
    await this.cancel(senderId, envelopeId);
    await markCancelEnded(this.dataSource, senderId, envelopeId);
  }

  /** A process may have died in the middle of a cancel. */
  private async resume(): Promise<boolean> {
    for (const { sender_id: senderId, envelope_id: envelopeId } of await readCancelling(this.dataSource))
      await this.endCancel(senderId, envelopeId);
    return false;
  }
}

/** The envelope that a call is about; versions 1.1 and 3.x write a list of one. @throws BridgeRefusal where there are more. */
function oneOf(message: unknown): Fields {
  if (!Array.isArray(message)) return fieldsOf(message);
  if (message.length !== 1) throw new BridgeRefusal('REQUEST_VALIDATION_ERROR');
  return fieldsOf(message[0]);
}

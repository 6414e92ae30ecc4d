import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  PROFILES,
  batchId as batchIdOf,
  disbursementId,
  formatAmount,
  currencyExponent,
} from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { tooManyLines } from '../intake/body.list.js';
import { limitsOf } from '../intake/intake-limits.js';
import { IntakeService, type Acceptance } from '../intake/intake.service.js';
import { digestOf } from '../intake/submission.js';
import { readLines } from '../intake/submission.reader.js';
import type { Sender } from '../senders/sender.js';
import { EMPTY_DISBURSEMENT } from './bridge.answer.js';
import { BridgeRefusal } from './bridge.codes.js';
import { readNewEnvelope, today } from './bridge.envelope.js';
import { digestLine, newLines, openEnvelope, rawLine, requireRoom, sumOf } from './bridge.intake.js';
import { BridgeIds } from './bridge.ids.js';
import { envelopeOf, readBridgeLines, type BridgeLine } from './bridge.lines.js';
import { echoed, textOf, type BridgeCall, type Fields } from './bridge.message.js';
import {
  countReceived,
  insertEnvelope,
  insertLines,
  readEnvelope,
  type StoredEnvelope,
} from './bridge.repository.js';
import { readBridgeStatus, readEnvelopeCounts, type BridgeStatus } from './bridge.status.js';

const TRIES = 5;

/** The transaction of an envelope's batch; no other interface makes such a one by accident. */
export function transactionOf(envelopeId: string): string {
  return `bridge-${envelopeId}`;
}

/** Envelopes and disbursements of the Bridge API 1.0. Money goes the way of every other disbursement: through intake, in one transaction. */
@Injectable()
export class BridgeService {
  private readonly ids = new BridgeIds();

  constructor(
    private readonly dataSource: DataSource,
    private readonly intake: IntakeService,
    private readonly config: GatewayConfig,
  ) {}

  /** @throws BridgeRefusal */
  async createEnvelope(sender: Sender, { message }: BridgeCall): Promise<Fields> {
    const envelope = readNewEnvelope(message, sender.bridge ?? {}, today());
    for (let tries = 0; tries < TRIES; tries += 1) {
      const id = this.ids.envelope();
      if (await insertEnvelope(this.dataSource, sender.id, id, envelope))
        return { ...(echoed(message) as Fields), id: null, disbursement_envelope_id: id };
    }
    throw new Error('no free envelope id was found');
  }

  /** All of them or none. @throws BridgeRefusal */
  async createDisbursements(sender: Sender, call: BridgeCall): Promise<Fields[]> {
    const { envelopeId, items } = envelopeOf(call.message);
    const { lines: most } = limitsOf(sender, this.config);
    if (items.length > most) throw tooManyLines(most);
    for (let tries = 1; ; tries += 1) {
      const made = new Map<BridgeLine, string>();
      let lines: BridgeLine[] = [];
      try {
        await this.intake.commit(
          sender,
          { channel: 'rest', transactionId: transactionOf(envelopeId), count: items.length },
          async (sql) => {
            const envelope = await openEnvelope(sql, sender.id, envelopeId);
            lines = readBridgeLines(items, envelope.currency_code);
            return this.store(sql, sender, { call, envelope, lines, made });
          },
        );
      } catch (error) {
        if (error !== ID_TAKEN || tries === TRIES) throw error;
        continue;
      }
      return lines.map((line) => ({
        ...EMPTY_DISBURSEMENT,
        ...(echoed(line.fields) as Fields),
        disbursement_id: made.get(line)!,
        response_error_codes: [],
      }));
    }
  }

  private async store(
    sql: Sql,
    sender: Sender,
    {
      call,
      envelope,
      lines,
      made,
    }: { call: BridgeCall; envelope: StoredEnvelope; lines: BridgeLine[]; made: Map<BridgeLine, string> },
  ): Promise<Acceptance> {
    const fresh = await newLines(sql, sender.id, envelope, lines, made);
    requireRoom(envelope, fresh);
    const transactionId = transactionOf(envelope.envelope_id);
    const nothing = {
      batchId: batchIdOf(sender.id, transactionId),
      correlationId: '',
      conflicting: [],
      conflictsTold: false,
    };
    if (fresh.length === 0) return { ...nothing, added: 0, duplicatePayees: 0 };
    this.ids.disbursements(fresh.length).forEach((id, nth) => made.set(fresh[nth]!, id));
    const kept = await insertLines(
      sql,
      sender.id,
      envelope.envelope_id,
      fresh.map((line) => ({
        ...{
          bridgeId: made.get(line)!,
          misReference: line.misReference,
          digest: digestLine(line),
          amountMinor: line.amountMinor,
        },
        disbursementId: disbursementId(sender.id, transactionId, made.get(line)!),
      })),
    );
    if (kept < fresh.length) throw ID_TAKEN;
    const raw = fresh.map((line) => rawLine(sender, envelope, line, made.get(line)!));
    const submission = {
      ...{
        transactionId,
        messageId: call.messageId || randomUUID(),
        callbackUrl: null,
        channel: 'rest' as const,
      },
      ...(await readLines(sender, PROFILES.openg2p, transactionId, raw)),
    };
    const acceptance = await this.intake.store(sql, sender, submission, await digestOf(submission));
    await countReceived(sql, sender.id, envelope.envelope_id, { lines: fresh.length, minor: sumOf(fresh) });
    return acceptance;
  }

  status(sender: Sender, { message }: BridgeCall): Promise<BridgeStatus[]> {
    // Odoo's client may ask for the word False, which names nothing.
    const ids = Array.isArray(message) ? message.flatMap((id) => textOf(id) ?? []) : [];
    return readBridgeStatus(this.dataSource, sender.id, ids);
  }

  /** @throws BridgeRefusal where there is no such envelope. */
  async envelopeStatus(sender: Sender, { message }: BridgeCall): Promise<Fields> {
    const id = textOf(message) ?? '';
    const envelope = await readEnvelope(this.dataSource, sender.id, id);
    if (envelope === undefined) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_NOT_FOUND');
    const batchId = batchIdOf(sender.id, transactionOf(id));
    const { shipped, reconciled, reversed } = await readEnvelopeCounts(this.dataSource, batchId);
    return {
      disbursement_envelope_id: id,
      number_of_beneficiaries_received: envelope.beneficiaries,
      number_of_beneficiaries_declared: envelope.beneficiaries,
      number_of_disbursements_declared: envelope.disbursements,
      number_of_disbursements_received: envelope.received,
      total_disbursement_amount_declared: numberOf(envelope.total_minor, envelope.currency_code),
      total_disbursement_amount_received: numberOf(envelope.received_minor, envelope.currency_code),
      // Lanes say themselves when an account is empty: they stop, and go on when it is not.
      ...{ funds_available_with_bank: 'FUNDS_AVAILABLE', funds_available_latest_timestamp: null },
      ...{ funds_available_latest_error_code: null, funds_available_attempts: 0 },
      ...{ funds_blocked_with_bank: 'FUNDS_BLOCK_SUCCESS', funds_blocked_latest_timestamp: null },
      ...{
        funds_blocked_latest_error_code: null,
        funds_blocked_attempts: 0,
        funds_blocked_reference_number: '',
      },
      id_mapper_resolution_required: sender.mapper !== undefined,
      number_of_disbursements_shipped: shipped,
      number_of_disbursements_reconciled: reconciled,
      number_of_disbursements_reversed: reversed,
    };
  }
}

const ID_TAKEN = new Error('an id was taken by another process');

/** Only told: clients of this API read amounts as JSON numbers. */
function numberOf(minor: string, currency: string): number {
  return Number(formatAmount(BigInt(minor), currencyExponent(currency) ?? 0));
}

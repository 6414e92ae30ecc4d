import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { PROFILES, batchId as batchIdOf, disbursementId } from '@gpo/g2p-connect-schemas';
import { inTransaction, type Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { tooManyLines } from '../intake/body.list.js';
import { limitsOf } from '../intake/intake-limits.js';
import { IntakeService, type Acceptance } from '../intake/intake.service.js';
import { digestOf } from '../intake/submission.js';
import { readLines } from '../intake/submission.reader.js';
import type { Sender } from '../senders/sender.js';
import { EMPTY_DISBURSEMENT } from './bridge.answer.js';
import { BridgeRefusal } from './bridge.codes.js';
import { isKnownCall, readControl } from './bridge.control.js';
import { readEnvelopeOfClient, readNewEnvelope, today, type NewEnvelope } from './bridge.envelope.js';
import { digestLine, newLines, openEnvelope, rawLine, requireRoom, sumOf } from './bridge.intake.js';
import { BridgeIds } from './bridge.ids.js';
import { envelopeOf, readBridgeLines, type BridgeLine } from './bridge.lines.js';
import { echoed, isFields, textOf, type BridgeCall, type Fields } from './bridge.message.js';
import { namesOf, type BridgeNames } from './bridge.names.js';
import { insertLines } from './bridge-line.repository.js';
import {
  countReceived,
  insertEnvelope,
  isOpenedWith,
  readEnvelope,
  type StoredEnvelope,
} from './bridge.repository.js';
import { envelopeStatus } from './bridge.envelope-status.js';
import { payerOf } from './bridge.setting.js';
import { readBridgeStatus, readEnvelopeCounts, type BridgeStatus } from './bridge.status.js';

const TRIES = 5;

/** The transaction of an envelope's batch; no other interface makes such a one by accident. */
export function transactionOf(envelopeId: string): string {
  return `bridge-${envelopeId}`;
}

/** Envelopes and disbursements of the Bridge API. Money goes the way of every other disbursement: through intake, in one transaction. */
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
    const id = await this.open(this.dataSource, sender.id, envelope);
    return { ...(echoed(message) as Fields), id: null, disbursement_envelope_id: id };
  }

  /** All of them or none. @throws BridgeRefusal */
  async createEnvelopes(sender: Sender, { message }: BridgeCall): Promise<Fields[]> {
    if (!Array.isArray(message) || !message.every(isFields))
      throw new BridgeRefusal('REQUEST_VALIDATION_ERROR');
    const [day, setting] = [today(), sender.bridge ?? {}];
    const envelopes = message.map((fields) => readEnvelopeOfClient(fields, setting, day));
    return inTransaction(this.dataSource, async (sql) => {
      const told: Fields[] = [];
      for (const [nth, envelope] of envelopes.entries()) {
        const id = await this.open(sql, sender.id, envelope);
        told.push({ ...(echoed(message[nth]) as Fields), id, disbursement_envelope_id: id });
      }
      return told;
    });
  }

  private async open(sql: Sql, senderId: string, envelope: NewEnvelope): Promise<string> {
    const { clientId } = envelope;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const id = clientId ?? this.ids.envelope();
      if (await insertEnvelope(sql, senderId, id, envelope)) return id;
      if (clientId === undefined) continue;
      if (await isOpenedWith(sql, senderId, clientId, envelope)) return clientId;
      throw new BridgeRefusal('INVALID_DISBURSEMENT_ENVELOPE_ID');
    }
    throw new Error('no free envelope id was found');
  }

  /** All of them or none. @throws BridgeRefusal */
  async createDisbursements(sender: Sender, call: BridgeCall): Promise<Fields[]> {
    const { envelopeId, items } = envelopeOf(call.message);
    const names = namesOf(call);
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
            lines = readBridgeLines(items, envelope.currency_code, names);
            return this.store(sql, sender, { call, names, envelope, lines, made });
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

  private async store(sql: Sql, sender: Sender, whole: Whole): Promise<Acceptance> {
    const { call, names, envelope, lines, made } = whole;
    const { envelope_id: envelopeId } = envelope;
    const controlId = names.ofClient ? call.controlId : undefined;
    const isKnown =
      controlId !== undefined && (await isKnownCall(sql, sender.id, envelopeId, { controlId, lines }));
    if (isKnown) for (const line of lines) made.set(line, line.clientId!);
    const fresh = isKnown ? [] : await newLines(sql, sender.id, envelope, lines, made);
    requireRoom(envelope, fresh, names);
    const transactionId = transactionOf(envelopeId);
    const nothing = {
      ...{ batchId: batchIdOf(sender.id, transactionId), correlationId: '', added: 0, duplicatePayees: 0 },
      ...{ conflicting: [], conflictsTold: false },
    };
    if (fresh.length === 0) return nothing;
    if (!names.ofClient) this.ids.disbursements(fresh.length).forEach((id, nth) => made.set(fresh[nth]!, id));
    const kept = await insertLines(
      sql,
      sender.id,
      envelopeId,
      fresh.map((line) => ({
        ...{ bridgeId: made.get(line)!, misReference: line.misReference, controlId },
        ...{ digest: digestLine(line), amountMinor: line.amountMinor },
        disbursementId: disbursementId(sender.id, transactionId, made.get(line)!),
      })),
    );
    if (kept < fresh.length) throw ID_TAKEN;
    const raw = fresh.map((line) => rawLine(sender, envelope, line, made.get(line)!));
    const submission = {
      ...{ transactionId, callbackUrl: null, channel: 'rest' as const },
      messageId: call.messageId || randomUUID(),
      ...(await readLines(payerOf(sender, envelope), PROFILES.openg2p, transactionId, raw)),
    };
    const acceptance = await this.intake.store(sql, sender, submission, await digestOf(submission));
    await countReceived(sql, sender.id, envelopeId, { lines: fresh.length, minor: sumOf(fresh) });
    return acceptance;
  }

  /** One entry for each id, in their order; version 3.x calls the id reconciliation_id. */
  async status(sender: Sender, { form, message }: BridgeCall): Promise<(BridgeStatus | Fields)[]> {
    // Odoo's client may ask for the word False, which names nothing.
    const ids = Array.isArray(message) ? message.flatMap((id) => textOf(id) ?? []) : [];
    const told = await readBridgeStatus(this.dataSource, sender.id, ids);
    if (form === 'message') return told;
    return told.map(({ disbursement_id: id, ...rest }) => ({ reconciliation_id: id, ...rest }));
  }

  /** @throws BridgeRefusal where there is no such envelope. */
  async envelopeStatus(sender: Sender, { message }: BridgeCall): Promise<Fields> {
    const envelope = await readEnvelope(this.dataSource, sender.id, textOf(message) ?? '');
    if (envelope === undefined) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_NOT_FOUND');
    const batchId = batchIdOf(sender.id, transactionOf(envelope.envelope_id));
    const counts = await readEnvelopeCounts(this.dataSource, batchId);
    return envelopeStatus(envelope, counts, payerOf(sender, envelope).mapper !== undefined);
  }

  /** How far the disbursements of one call of versions 1.1 and 3.x are; null where it is unknown, as the original answers. */
  control(sender: Sender, { controlId, message }: BridgeCall): Promise<Fields | null> {
    const id = controlId ?? textOf(message) ?? '';
    return readControl(this.dataSource, sender.id, id, sender.mapper !== undefined);
  }
}

/** What a call is stored with. */
interface Whole {
  call: BridgeCall;
  names: BridgeNames;
  envelope: StoredEnvelope;
  lines: BridgeLine[];
  /** Ids of lines, filled here. */
  made: Map<BridgeLine, string>;
}

const ID_TAKEN = new Error('an id was taken by another process');

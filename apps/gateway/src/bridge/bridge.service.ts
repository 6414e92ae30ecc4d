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
import { findCall, nameCall, storeCall } from './bridge.call.js';
import { controlStatus, readControl } from './bridge.control.js';
import { readEnvelopeOfClient, readNewEnvelope, today, type NewEnvelope } from './bridge.envelope.js';
import { digestLine, newLines, openEnvelope, rawLine, requireRoom, sumOf } from './bridge.intake.js';
import { BridgeIds, transactionOf } from './bridge.ids.js';
import { envelopeOf, readBridgeLines, type BridgeLine } from './bridge.lines.js';
import { echoed, isFields, textOf, type BridgeCall, type Fields } from './bridge.message.js';
import { namesOf, type BridgeNames } from './bridge.names.js';
import { insertLines } from './bridge-line.repository.js';
import {
  countReceived,
  insertEnvelope,
  openedWith,
  readEnvelope,
  type StoredEnvelope,
} from './bridge.repository.js';
import { envelopeStatus } from './bridge.envelope-status.js';
import { payerOf } from './bridge.setting.js';
import { readBridgeStatus, readEnvelopeCounts, type BridgeStatus } from './bridge.status.js';

const TRIES = 5;

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
    return inTransaction(this.dataSource, async (sql) => {
      const told: Fields[] = [];
      for (const fields of message) {
        const id =
          (await this.knownEnvelope(sql, sender.id, fields, day)) ??
          (await this.open(sql, sender.id, readEnvelopeOfClient(fields, setting, day)));
        told.push({ ...(echoed(fields) as Fields), id, disbursement_envelope_id: id });
      }
      return told;
    });
  }

  /** An envelope that was opened before, with the same content; its day may be past, and its programme gone. @throws BridgeRefusal */
  private async knownEnvelope(
    sql: Sql,
    senderId: string,
    fields: Fields,
    day: string,
  ): Promise<string | undefined> {
    const envelope = readEnvelopeOfClient(fields, { past_schedule: 'now' }, day);
    const { clientId } = envelope;
    const opened = clientId === undefined ? undefined : await openedWith(sql, senderId, clientId, envelope);
    if (opened?.cancelled === true) throw new BridgeRefusal('DISBURSEMENT_ENVELOPE_ALREADY_CANCELED');
    return opened === undefined ? undefined : clientId;
  }

  private async open(sql: Sql, senderId: string, envelope: NewEnvelope): Promise<string> {
    const { clientId } = envelope;
    for (let tries = 0; tries < TRIES; tries += 1) {
      const id = clientId ?? this.ids.envelope();
      if (await insertEnvelope(sql, senderId, id, envelope)) return id;
      if (clientId === undefined) continue;
      // Opened at the same instant by the same call, or known with other content.
      if ((await openedWith(sql, senderId, clientId, envelope)) !== undefined) return clientId;
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
    const transactionId = transactionOf(envelopeId);
    const nothing = {
      ...{ batchId: batchIdOf(sender.id, transactionId), correlationId: '', added: 0, duplicatePayees: 0 },
      ...{ conflicting: [], conflictsTold: false },
    };
    const named = nameCall(call, names, envelopeId, lines);
    const known = named && (await findCall(sql, sender.id, named));
    if (known !== undefined) {
      known.forEach((id, nth) => made.set(named!.lines[nth]!, id));
      return nothing;
    }
    const fresh = await newLines(sql, sender.id, envelope, lines, made);
    requireRoom(envelope, fresh, names);
    if (!names.ofClient) this.ids.disbursements(fresh.length).forEach((id, nth) => made.set(fresh[nth]!, id));
    if (named !== undefined && !(await storeCall(sql, sender.id, envelopeId, named, made))) throw ID_TAKEN;
    if (fresh.length === 0) return nothing;
    const kept = await insertLines(
      sql,
      sender.id,
      envelopeId,
      fresh.map((line) => ({
        ...{ bridgeId: made.get(line)!, misReference: line.misReference },
        controlId: names.ofClient ? call.controlId : undefined,
        digest: digestLine(line),
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
  async control(sender: Sender, { controlId, form, message }: BridgeCall): Promise<Fields | null> {
    const row = await readControl(this.dataSource, sender.id, controlId ?? textOf(message) ?? '');
    return row === undefined ? null : controlStatus(row, payerOf(sender, row).mapper !== undefined, form);
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

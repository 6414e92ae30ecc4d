import { Controller } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { batchId, readLine } from '@gpo/g2p-connect-schemas';
import {
  DeadLetters,
  OnTopic,
  TOPICS,
  UnreadableRecord,
  parseObject,
  type DeadLetter,
  type InRecord,
} from '@gpo/messaging';
import { STORED_HEADER } from '../dispatch/request.message.js';
import { profileOf, type Sender } from '../senders/sender.js';
import { SenderRegistry } from '../senders/sender-registry.js';
import { IntakeService } from './intake.service.js';
import { lineDefaults, newLine } from './submission.reader.js';
import { storedDigests, type NewLine } from './batch.repository.js';

interface DirectLine {
  record: InRecord;
  sender: Sender;
  transactionId: string;
  line: NewLine;
}

const STORED = Object.keys(STORED_HEADER)[0]!;

/**
 * Registers requests that a G2P system wrote to g2p.request itself: ids recomputed, the right checked, the same
 * checks and digest as over REST. Records that dispatch wrote are known by their header and passed over.
 */
@Controller()
export class DirectRequestConsumer {
  constructor(
    private readonly intake: IntakeService,
    private readonly senders: SenderRegistry,
    private readonly deadLetters: DeadLetters,
    private readonly dataSource: DataSource,
  ) {}

  @OnTopic(TOPICS.request)
  async request(batch: InRecord[]): Promise<void> {
    const foreign = batch.filter(({ headers }) => headers[STORED] === undefined);
    if (foreign.length === 0) return;
    const letters: DeadLetter[] = [];
    const lines: DirectLine[] = [];
    for (const record of foreign) {
      try {
        lines.push(this.read(record));
      } catch (error) {
        if (!(error instanceof UnreadableRecord)) throw error;
        letters.push({ record, reason: 'record.unreadable', detail: error.message });
      }
    }
    letters.push(...(await this.register(lines)));
    await this.deadLetters.send(letters);
  }

  private read(record: InRecord): DirectLine {
    const value = parseObject(record);
    const { sender_id: senderId, transaction_id: transactionId } = value;
    if (typeof senderId !== 'string' || typeof transactionId !== 'string' || transactionId === '') {
      throw new UnreadableRecord('no sender_id or transaction_id');
    }
    const sender = this.senders.get(senderId);
    if (sender?.kafka_direct !== true)
      throw new UnreadableRecord('this sender may not write requests to Kafka');
    const reading = readLine(value, profileOf(sender), lineDefaults(sender));
    if (reading.kind === 'refused') throw new UnreadableRecord(reading.message);
    const line = newLine(sender, transactionId, 1, reading);
    if (value.disbursement_id !== undefined && value.disbursement_id !== line.disbursementId) {
      throw new UnreadableRecord('disbursement_id does not belong to the other ids');
    }
    if (value.batch_id !== undefined && value.batch_id !== batchId(senderId, transactionId)) {
      throw new UnreadableRecord('batch_id does not belong to the other ids');
    }
    return { record, sender, transactionId, line };
  }

  /** Stores what is new; other content under a known reference goes to the dead letters and touches nothing. */
  private async register(lines: readonly DirectLine[]): Promise<DeadLetter[]> {
    const known = await storedDigests(
      this.dataSource,
      lines.map(({ line }) => line.disbursementId),
    );
    const letters: DeadLetter[] = [];
    const fresh: DirectLine[] = [];
    for (const direct of lines) {
      const digest = known.get(direct.line.disbursementId);
      if (digest === undefined) {
        known.set(direct.line.disbursementId, direct.line.digest);
        fresh.push(direct);
      } else if (!digest.equals(direct.line.digest)) letters.push(duplicate(direct.record));
    }
    for (const group of byBatch(fresh)) letters.push(...(await this.acceptGroup(group)));
    return letters;
  }

  private async acceptGroup(group: readonly DirectLine[]): Promise<DeadLetter[]> {
    const { sender, transactionId, record } = group[0]!;
    const { conflicting } = await this.intake.accept(sender, {
      transactionId,
      messageId: `kafka:${record.topic}:${record.partition}:${record.offset}`,
      callbackUrl: sender.callback_url ?? null,
      channel: 'kafka',
      lines: group.map(({ line }, index) => ({ ...line, lineNo: index + 1 })),
      refused: [],
    });
    const ids = new Set(conflicting.map(({ disbursementId }) => disbursementId));
    return group.filter(({ line }) => ids.has(line.disbursementId)).map((direct) => duplicate(direct.record));
  }
}

function byBatch(lines: readonly DirectLine[]): DirectLine[][] {
  const groups = new Map<string, DirectLine[]>();
  for (const direct of lines) {
    const id = batchId(direct.sender.id, direct.transactionId);
    const group = groups.get(id);
    if (group === undefined) groups.set(id, [direct]);
    else group.push(direct);
  }
  return [...groups.values()];
}

function duplicate(record: InRecord): DeadLetter {
  return { record, reason: 'rjct.reference_id.duplicate', detail: 'the reference exists with other content' };
}

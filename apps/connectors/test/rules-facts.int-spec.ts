import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { TOPICS, type RecordProducer } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import { wakeRailIds } from '../src/connect/attempt.repository.js';
import type { Fact } from '../src/connect/fact.js';
import { writeFacts } from '../src/connect/fact.repository.js';
import { OutcomePublisher } from '../src/connect/outcome.publisher.js';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import { recordsIn } from '../../../tools/testing/records-in-spec.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function tell(id: string, attemptNo: number, kind: Fact['kind'], token = '0'): Promise<void> {
  await rig.writer.write({ disbursementId: id, attemptNo, token, kind });
}

/** Two attempts of one disbursement. */
async function pair(first: string, second: string, more: Record<string, unknown> = {}): Promise<string> {
  const { id } = await rig.record.disbursement({ state: 'retrying', attemptNo: 2 });
  await rig.record.attempt(id, 1, first, { sends: 1, retryable: true, definite: true, outcome_seq: 1 });
  await rig.record.attempt(id, 2, second, { sends: 1, lease_token: 1, ...more });
  return id;
}

const state = async (id: string, no = 1): Promise<string> => (await rig.record.attemptRow(id, no))!.state;

const STATES = [
  'queued',
  'sending',
  'accepted',
  'unknown',
  'review',
  'rejected',
  'settled',
  'returned',
  'void',
];
const RANK: Record<string, number> = { rejected: 1, settled: 2, returned: 3, void: 9 };
const FACTS = ['rejected', 'settled', 'returned'] as const;

describe('rule I: facts of the rail only rise', () => {
  it.each(STATES.flatMap((from) => FACTS.map((fact) => [from, fact] as const)))(
    'rule I: %s and then %s',
    async (from, fact) => {
      const { id } = await rig.record.disbursement();
      await rig.record.attempt(id, 1, from, { lease_token: 7 });
      await tell(id, 1, fact);
      expect(await state(id)).toBe((RANK[from] ?? 0) < RANK[fact]! ? fact : from);
    },
  );

  it.each(['settled', 'returned'] as const)(
    'rule I: once an attempt is %s, a later one in the queue is void in the same transaction',
    async (fact) => {
      const id = await pair('rejected', 'queued', { sends: 0 });
      await inTransaction(rig.record.dataSource, async (sql) => {
        await writeFacts(sql, [{ disbursementId: id, attemptNo: 1, token: '0', kind: fact }]);
        const rows = await sql.query<{ state: string }[]>('SELECT state FROM attempt WHERE attempt_no = 2');
        expect(rows).toEqual([{ state: 'void' }]);
      });
      expect(await rig.take()).toEqual([]);
    },
  );

  it.each(['sending', 'accepted', 'unknown', 'settled'])(
    'rule I: a later attempt that is %s cannot be undone: incident possible_double',
    async (second) => {
      const id = await pair('rejected', second);
      await tell(id, 1, 'settled');
      expect(await state(id, 2)).toBe(second);
      expect(await rig.record.incidents(id)).toEqual([{ kind: 'possible_double', attempt_no: 2 }]);
    },
  );

  it('rule I: a later attempt that settles after an earlier one is the same incident', async () => {
    const id = await pair('rejected', 'rejected');
    await tell(id, 1, 'settled');
    expect(await rig.record.incidents(id)).toEqual([]);
    await tell(id, 2, 'settled');
    expect(await rig.record.incidents(id)).toEqual([{ kind: 'possible_double', attempt_no: 2 }]);
  });

  it.each([
    ['unsent', { kind: 'requeued' }],
    ['throttled', { kind: 'requeued', throttled: true }],
    ['never seen by the rail', { kind: 'requeued', sent: true }],
  ] as const)(
    'rule I: an attempt that comes back %s after an earlier one settled is void, not paid again',
    async (_case, fact) => {
      const id = await pair('rejected', 'sending');
      await tell(id, 1, 'settled');
      await rig.writer.write({ disbursementId: id, attemptNo: 2, token: '1', ...fact });
      expect(await state(id, 2)).toBe('void');
      expect(await rig.take()).toEqual([]);
    },
  );

  it('rule I: so is one that comes back while the settlement of the earlier one is not committed yet', async () => {
    const id = await pair('rejected', 'sending');
    let back: Promise<void> | undefined;
    await inTransaction(rig.record.dataSource, async (sql) => {
      await writeFacts(sql, [{ disbursementId: id, attemptNo: 1, token: '0', kind: 'settled' }]);
      back = tell(id, 2, 'requeued', '1');
      await new Promise((resolve) => setTimeout(resolve, 150));
    });
    await back;
    expect(await state(id, 2)).toBe('void');
  });

  it('rule I: an attempt in the queue is not taken where an earlier one settled', async () => {
    await pair('settled', 'queued');
    expect(await rig.take()).toEqual([]);
  });

  it.each(['rejected', 'review'])(
    'rule I: a callback about an attempt that is %s is looked into, once, and a settlement found there counts',
    async (from) => {
      const { id } = await rig.record.disbursement();
      await rig.record.attempt(id, 1, from, { sends: 1, outcome_seq: 1 });
      const { rail_id } = (await rig.record.attemptRow(id))!;
      const rail = new ScriptedRail();
      await wakeRailIds(rig.record.dataSource, 'a', [rail_id]);
      await rig.resolving(rail, () =>
        eventually(
          () => rig.record.attemptRow(id),
          (found) => rail.asked.length > 0 && found!.next_at === null,
        ),
      );
      expect(await rig.record.attemptRow(id)).toMatchObject({ state: from, next_at: null });
      rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'settled' });
      await wakeRailIds(rig.record.dataSource, 'a', [rail_id]);
      await rig.resolving(rail, () =>
        eventually(
          () => state(id),
          (now) => now === 'settled',
        ),
      );
      expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'settled', outcome_seq: 2 });
    },
  );

  it('rule I: a settled attempt is looked at for a return from the time it settled, however long that took', async () => {
    const { id } = await rig.record.disbursement();
    const [now, longAgo] = [new Date(), new Date(Date.now() - 400 * 3_600_000)];
    const times = { first_send_at: longAgo, resolved_at: now, next_at: now };
    await rig.record.attempt(id, 1, 'settled', { sends: 1, outcome_seq: 1, ...times });
    const rail = new ScriptedRail();
    rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'settled' });
    const nextAt = async (): Promise<number> => (await rig.record.attemptRow(id))!.next_at?.getTime() ?? 0;
    const far = Date.now() + 600_000;
    await rig.resolving(rail, () => eventually(nextAt, (at) => at > far));
    expect(await nextAt()).toBeGreaterThan(far);
    rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'returned', reason: 'reversed' });
    await rig.record.rows('UPDATE attempt SET next_at = now()');
    await rig.resolving(rail, () =>
      eventually(
        () => state(id),
        (found) => found === 'returned',
      ),
    );
    expect(await state(id)).toBe('returned');
  });

  it('rule I: a callback about a rail id that a later attempt uses again does not settle both', async () => {
    const railId = '7b0a3c2e-0000-4000-8000-000000000001';
    const id = await pair('rejected', 'accepted', { rail_id: railId });
    await rig.record.rows('UPDATE attempt SET rail_id = $1', [railId]);
    expect(await wakeRailIds(rig.record.dataSource, 'a', [railId])).toEqual(new Set([railId]));
    expect((await rig.record.attemptRow(id, 1))!.next_at).toBeNull();
    expect((await rig.record.attemptRow(id, 2))!.next_at).not.toBeNull();
  });
});

describe('rule K: every change of an outcome is published', () => {
  let producer: RecordProducer;
  beforeAll(async () => {
    await rig.kafka.ensureTopics([TOPICS.response]);
    producer = rig.kafka.producer();
    await producer.connect();
  }, 60_000);
  afterAll(() => producer.close());

  const published = (): Promise<number> => recordsIn(rig.kafka, TOPICS.response.name);

  /** Publishes what there is, with two publishers at once. */
  async function publish(id: string): Promise<void> {
    const publishers = [1, 2].map(
      () => new OutcomePublisher(rig.record.dataSource, producer, rig.crashPoints, rig.signal),
    );
    for (const publisher of publishers) publisher.onApplicationBootstrap();
    await eventually(
      () => rig.record.attemptRow(id),
      (row) => row!.published_seq >= row!.outcome_seq,
    );
    await Promise.all(publishers.map((publisher) => publisher.onApplicationShutdown()));
  }

  it('rule K: refused, settled, returned are three records, each once, and the mark follows what was sent', async () => {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'sending', { lease_token: 1, sends: 1 });
    const before = await published();
    for (const [index, fact] of (['refused', 'settled', 'returned'] as const).entries()) {
      await tell(id, 1, fact, '1');
      await publish(id);
      await publish(id);
      expect(await rig.record.attemptRow(id)).toMatchObject({
        outcome_seq: index + 1,
        published_seq: index + 1,
      });
      expect((await published()) - before).toBe(index + 1);
    }
  }, 20_000);

  it('rule K: what Kafka did not take is not marked', async () => {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'settled', { outcome_seq: 1 });
    const closed = rig.kafka.producer();
    const publisher = new OutcomePublisher(rig.record.dataSource, closed, rig.crashPoints, rig.signal);
    publisher.onApplicationBootstrap();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await publisher.onApplicationShutdown();
    expect(await rig.record.attemptRow(id)).toMatchObject({ outcome_seq: 1, published_seq: 0 });
  });

  it('rule K: an open outcome is not published, a review is', async () => {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'sending', { lease_token: 1, sends: 1 });
    await tell(id, 1, 'accepted', '1');
    await tell(id, 1, 'unknown', '1');
    expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'accepted', outcome_seq: 0 });
    await tell(id, 1, 'review', '1');
    expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'review', outcome_seq: 1 });
  });
});

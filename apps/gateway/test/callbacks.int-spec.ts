import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { checkHeads, readHead, type Head } from '@gpo/audit';
import { eventually, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { TestReceiver, type Heard } from '../../../tools/testing/test-receiver-spec.js';
import { OutcomeRig } from './outcome.rig-spec.js';

let rig: OutcomeRig;
let receiver: TestReceiver;

beforeAll(async () => {
  rig = await OutcomeRig.start();
  rig.senders.get('ministry')!.callback_mode = 'final';
  Object.assign(rig.config, { callbackChunkItems: 3, callbackRetrySeconds: [0.05, 0.05] });
}, 60_000);
beforeEach(async () => {
  await rig.record.clear();
  receiver = await TestReceiver.start();
});
afterEach(() => receiver.stop());
afterAll(() => rig.stop());

const statuses = ({ message }: Heard): { reference_id: string; status: string }[] =>
  message.disbursements_status as { reference_id: string; status: string }[];
const linesHeard = (): number => receiver.heard.reduce((sum, call) => sum + statuses(call).length, 0);

/** A batch of this sender, none of its lines final yet. */
async function batchOf(
  sender: 'strict' | 'ministry',
  lines: number,
): Promise<{ id: string; seeds: Seeded[] }> {
  rig.sender = rig.senders.get(sender)!;
  const transaction = randomUUID();
  const raw = Array.from({ length: lines }, () => rig.line());
  const { batchId: id } = await rig.intake(transaction, raw, 'rest', receiver.url('/on-disburse'));
  return { id, seeds: await rig.seeds(transaction) };
}

async function settle(seeds: readonly Seeded[]): Promise<void> {
  for (const seed of seeds) {
    await rig.record.attempt(seed.id, 1, 'settled', { outcome_seq: 1 });
    await rig.apply(rig.claim({ ...seed, money: {} as Seeded['money'] }, 'success'));
  }
}

interface Row {
  callback_id: string;
  version: number;
  delivered_at: Date | null;
  failed_at: Date | null;
  next_at: Date | null;
  body: string | null;
  tries: number;
}
const rows = (): Promise<Row[]> => rig.record.rows<Row>('SELECT * FROM callback ORDER BY batch_id, version');
const ended = (found: readonly Row[]): boolean =>
  found.length > 0 && found.every(({ delivered_at, failed_at }) => (delivered_at ?? failed_at) !== null);

describe('D16: when on-disburse is sent', () => {
  it('D16: lines are told as they become final, pdng and with running counts until the last', async () => {
    const { seeds } = await batchOf('strict', 4);
    await rig.calling(async () => {
      await settle(seeds.slice(0, 1));
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 1,
      );
      await settle(seeds.slice(1));
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 4,
      );
    });
    expect(receiver.heard[0]!.header).toMatchObject({ status: 'pdng', total_count: 4, completed_count: 1 });
    expect(receiver.heard.at(-1)!.header).toMatchObject({
      status: 'succ',
      total_count: 4,
      completed_count: 4,
    });
    expect(new Set(receiver.heard.flatMap(statuses).map(({ reference_id }) => reference_id)).size).toBe(4);
    expect(linesHeard()).toBe(4);
  });

  it('each carries the head of the audit chain behind its first line, which the stored link bears out', async () => {
    const { seeds } = await batchOf('strict', 2);
    await rig.calling(async () => {
      await settle(seeds);
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 2,
      );
    });
    const kept = receiver.heard.map(({ header }) => readHead((header.meta as { audit: unknown }).audit));
    expect(kept.length).toBeGreaterThan(0);
    const told = async function* (): AsyncGenerator<Head[]> {
      yield await Promise.resolve(kept);
    };
    expect(await checkHeads(rig.record.dataSource, told())).toEqual({ heads: kept.length, findings: [] });
  });

  it('D16: with callback_mode final nothing is told before the batch is complete, then every line once, in chunks', async () => {
    const { seeds } = await batchOf('ministry', 7);
    const other = await batchOf('strict', 1);
    await rig.calling(async () => {
      await settle(seeds.slice(0, 6));
      await rig.record.rows(`UPDATE callback_item SET at = now() - interval '1 day'`);
      // Another sender's later line is told, so the builder has looked at both.
      await settle(other.seeds);
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 1,
      );
      expect(receiver.heard.map(({ header }) => header.receiver_id)).toEqual(['strict']);
      await settle(seeds.slice(6));
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 8,
      );
    });
    const told = receiver.heard.filter(({ header }) => header.receiver_id === 'ministry');
    expect(told.map(({ header }) => [header.status, header.total_count, header.completed_count])).toEqual([
      ['pdng', 7, 7],
      ['pdng', 7, 7],
      ['succ', 7, 7],
    ]);
    expect(told.map((call) => statuses(call).length)).toEqual([3, 3, 1]);
    expect(new Set(told.flatMap(statuses).map(({ reference_id }) => reference_id)).size).toBe(7);
  });

  it('D16: with callback_mode final a later return is told by a further callback with the next version', async () => {
    const { seeds } = await batchOf('ministry', 1);
    await rig.calling(async () => {
      await settle(seeds);
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 1,
      );
      await rig.record.rows(`UPDATE attempt SET state = 'returned'`);
      await rig.apply(rig.claim({ ...seeds[0]!, money: {} as Seeded['money'] }, 'failure'));
      await eventually(
        () => Promise.resolve(linesHeard()),
        (heard) => heard >= 2,
      );
    });
    expect(receiver.heard.map((call) => [call.header.meta, statuses(call)[0]!.status])).toMatchObject([
      [{ version: 1 }, 'succ'],
      [{ version: 2 }, 'rjct'],
    ]);
  });
});

describe('tries of a callback', () => {
  it('a receiver that refuses gets the same message_id and bytes on every try; then the callback is failed, with reason and alarm', async () => {
    const { seeds } = await batchOf('strict', 1);
    receiver.reply = () => 503;
    await settle(seeds);
    await rig.calling(() => eventually(rows, ended));
    expect(new Set(receiver.heard.map(({ text }) => text)).size).toBe(1);
    const [row] = await rows();
    expect(row).toMatchObject({ delivered_at: null, tries: 3, next_at: null, last_error: 'HTTP 503' });
    expect(row!.failed_at).not.toBeNull();
    const tries = await rig.record.rows(
      'SELECT try_no, http_status, reason FROM callback_try ORDER BY try_no',
    );
    expect(tries).toEqual([1, 2, 3].map((try_no) => ({ try_no, http_status: 503, reason: 'HTTP 503' })));
    expect(await rig.metrics.registry.metrics()).toMatch(/gpo_alarm_total\{kind="callback_failed"\} [1-9]/);
  });

  it('callbacks of a batch keep their order; where one has failed the next goes on', async () => {
    const { seeds } = await batchOf('strict', 6);
    receiver.reply = ({ header }) => ((header.meta as { version: number }).version === 1 ? 500 : 200);
    await settle(seeds);
    await rig.calling(() => eventually(rows, (found) => found.length === 2 && ended(found)));
    expect(receiver.heard.map(({ header }) => header.meta)).toMatchObject(
      [1, 1, 1, 2].map((version) => ({ version })),
    );
  });

  it('a delivered callback keeps its counts and tries, not what it said', async () => {
    const { seeds } = await batchOf('strict', 1);
    await settle(seeds);
    await rig.calling(() => eventually(rows, ended));
    expect(await rows()).toMatchObject([{ body: null, tries: 1, next_at: null, failed_at: null }]);
    expect(await rig.record.rows('SELECT http_status, reason FROM callback_try')).toEqual([
      { http_status: 200, reason: null },
    ]);
  });

  it('a failure that comes after another process took the callback over counts nothing', async () => {
    const { seeds } = await batchOf('strict', 1);
    await settle(seeds);
    receiver.reply = () => 'hang';
    await rig.calling(async () => {
      await eventually(
        () => Promise.resolve(receiver.hung),
        (hung) => hung === 1,
      );
      await rig.record.rows(`UPDATE callback SET tries = 9, next_at = now() + interval '1 hour'`);
    });
    expect(receiver.hung).toBe(0);
    expect(await rows()).toMatchObject([{ tries: 9, failed_at: null, last_error: null }]);
  });

  it('two senders on one database share the work: each chunk is posted once, never twice at the same time', async () => {
    const seeds: Seeded[] = [];
    for (let batch = 0; batch < 8; batch += 1) seeds.push(...(await batchOf('strict', 6)).seeds);
    await settle(seeds);
    await rig.calling(() =>
      rig.calling(() => eventually(rows, (found) => found.length === 16 && ended(found), 15_000)),
    );
    expect(receiver.heard).toHaveLength(16);
    expect(receiver.sameAtOnceMax).toBe(1);
    expect(linesHeard()).toBe(48);
  });

  it('a batch that another transaction holds for long keeps no other batch waiting', async () => {
    const [held, free] = [await batchOf('strict', 1), await batchOf('strict', 1)];
    await settle([...held.seeds, ...free.seeds]);
    const runner = rig.record.dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('SELECT FROM batch WHERE batch_id = $1 FOR UPDATE', [held.id]);
    try {
      await rig.calling(async () => {
        const told = await eventually(rows, ended);
        expect(told).toMatchObject([{ batch_id: free.id }]);
        await runner.commitTransaction();
        await eventually(rows, (found) => found.length === 2 && ended(found));
      });
    } finally {
      if (runner.isTransactionActive) await runner.rollbackTransaction();
      await runner.release();
    }
    expect(linesHeard()).toBe(2);
  });
});

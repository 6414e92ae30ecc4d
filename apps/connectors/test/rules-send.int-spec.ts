import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeasedAttempt } from '../src/connect/attempt.repository.js';
import type { Fact } from '../src/connect/fact.js';
import { NotSent } from '../src/rail-error.js';
import { eventually, type AttemptRow } from '../../../tools/testing/record-rig-spec.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function queued(more: Record<string, unknown> = {}): Promise<string> {
  const { id } = await rig.record.disbursement();
  await rig.record.attempt(id, 1, 'queued', more);
  return id;
}

async function taken(): Promise<LeasedAttempt> {
  await queued();
  return (await rig.take())[0]!;
}

const row = async ({ disbursementId }: { disbursementId: string }): Promise<AttemptRow> =>
  (await rig.record.attemptRow(disbursementId))!;

describe('rule D: take, lease, take-over', () => {
  it('rule D: a take raises the token and gives a lease, and no two workers take the same attempt', async () => {
    const ids = await Promise.all(Array.from({ length: 40 }, () => queued()));
    const takes = await Promise.all([1, 2, 3, 4].map(() => rig.take({ limit: 15 })));
    expect(new Set(takes.flat().map(({ disbursementId }) => disbursementId))).toEqual(new Set(ids));
    expect(takes.flat()).toHaveLength(40);
    expect(takes.flat().every(({ token }) => token === '1')).toBe(true);
    expect(await row({ disbursementId: ids[0]! })).toMatchObject({
      state: 'sending',
      lease_token: '1',
      sends: 1,
    });
  });

  it('rule D: nobody takes over before send_by, not even where a look is due; afterwards with a new token', async () => {
    const attempt = await taken();
    await rig.record.rows('UPDATE attempt SET next_at = now()');
    expect(await rig.takeOver()).toEqual([]);
    await rig.record.age('attempt', attempt.disbursementId, 31_000);
    expect((await rig.takeOver())[0]).toMatchObject({ state: 'sending', token: '2' });
  });

  it.each(['accepted', 'unknown'])(
    'rule D: taking over an attempt that is %s raises the token',
    async (state) => {
      const attempt = await taken();
      await rig.write(attempt, { kind: state as Fact['kind'] });
      await rig.record.age('attempt', attempt.disbursementId, 60_000);
      expect((await rig.takeOver())[0]).toMatchObject({ state, token: '2' });
    },
  );

  it('rule D: nothing leaves once the lease is over, and the attempt goes back unsent', async () => {
    const disbursementId = await queued();
    const rail = new ScriptedRail();
    const pay = rail.take;
    rail.take = async (item, ctx) => {
      await sleep(250);
      try {
        return await pay(item, ctx);
      } finally {
        rail.take = () => Promise.reject(new NotSent('closed'));
      }
    };
    const worker = rig.worker(rig.lane(rail, { leaseMs: 200 }));
    worker.start();
    await eventually(
      () => row({ disbursementId }),
      ({ state }) => state === 'queued',
    );
    await worker.stop();
    expect(rail.paid).toEqual([]);
    expect(await row({ disbursementId })).toMatchObject({ state: 'queued', sends: 0, first_send_at: null });
  });

  it('rule D: a chunk that waited for its slot is dropped where its token was taken over meanwhile', async () => {
    const disbursementId = await queued();
    await rig.record.rows(
      `UPDATE lane SET next_slot_at = now() + interval '900 milliseconds' WHERE lane = 'a'`,
    );
    const rail = new ScriptedRail();
    const worker = rig.worker(rig.lane(rail));
    worker.start();
    await eventually(
      () => row({ disbursementId }),
      ({ state }) => state === 'sending',
    );
    await rig.record.rows('UPDATE attempt SET lease_token = lease_token + 1');
    await worker.stop();
    expect(rail.paid).toEqual([]);
  });

  it('rule D: an attempt that was sent before is queried before it is sent again', async () => {
    await queued({ sends: 1, first_send_at: new Date(), send_by: new Date() });
    const [attempt] = await rig.take();
    await rig.write(attempt!, { kind: 'requeued' });
    expect(await row(attempt!)).toMatchObject({ state: 'unknown', sends: 1 });
    expect((await row(attempt!)).next_at).not.toBeNull();
  });

  it('rule D: a lane whose pace is behind gives nothing, so that no lease runs out in the waiting room', async () => {
    await queued();
    await rig.record.rows(`UPDATE lane SET next_slot_at = now() + interval '5 seconds' WHERE lane = 'a'`);
    expect(await rig.take()).toEqual([]);
    await rig.record.rows(`UPDATE lane SET next_slot_at = now(), state = 'held' WHERE lane = 'a'`);
    expect(await rig.take()).toEqual([]);
  });

  it('rule D: a lane of two a second is never given more than a second’s worth at once', async () => {
    for (let index = 0; index < 6; index += 1) await queued();
    const rail = new ScriptedRail();
    const worker = rig.worker(rig.lane(rail, { perSecond: 2, concurrency: 64 }));
    worker.start();
    await eventually(
      () => Promise.resolve(rail.paid.length),
      (count) => count >= 2,
    );
    await sleep(100);
    const early = rail.paid.length;
    await worker.stop();
    expect(early).toBeLessThanOrEqual(2);
  });
});

describe('rule E: weak facts', () => {
  const weak: Partial<Fact>[] = [
    { kind: 'accepted' },
    { kind: 'unknown' },
    { kind: 'requeued' },
    { kind: 'requeued', throttled: true },
    { kind: 'requeued', sent: true },
    { kind: 'refused', reason: 'declined', retryable: true },
    { kind: 'review' },
  ];

  it.each(weak)('rule E: %j under a lost token changes nothing', async (fact) => {
    const attempt = await taken();
    await rig.record.age('attempt', attempt.disbursementId, 60_000);
    await rig.takeOver();
    const before = await row(attempt);
    await rig.write(attempt, fact);
    expect(await row(attempt)).toEqual(before);
  });

  it.each(['queued', 'review', 'rejected', 'settled', 'returned', 'void'])(
    'rule E: no weak fact changes an attempt that is %s',
    async (state) => {
      const attempt = await taken();
      await rig.record.rows('UPDATE attempt SET state = $1, sends = 0', [state]);
      const before = await row(attempt);
      for (const fact of weak) await rig.write(attempt, fact);
      expect(await row(attempt)).toEqual(before);
    },
  );

  it('rule E: a refusal found by query is definite and needs no token', async () => {
    const attempt = await taken();
    await rig.write({ ...attempt, token: '0' }, { kind: 'rejected', reason: 'declined', retryable: true });
    expect(await row(attempt)).toMatchObject({ state: 'rejected', definite: true, retryable: true });
  });

  it('rule E: a refusal that answers one of several sends is not definite', async () => {
    await queued({ sends: 1, first_send_at: new Date(), send_by: new Date() });
    const [attempt] = await rig.take();
    await rig.write(attempt!, { kind: 'refused', reason: 'declined', retryable: true });
    expect(await row(attempt!)).toMatchObject({ state: 'rejected', definite: false });
  });

  it('rule E: one answer that PostgreSQL cannot store as it is loses no fact beside it', async () => {
    const [odd, plain] = [await taken(), await taken()];
    const message = 'a\0b';
    await Promise.all([
      rig.write(odd, { kind: 'settled', message, railReference: 'r\0' }),
      rig.write(plain, { kind: 'settled' }),
    ]);
    expect([(await row(odd)).state, (await row(plain)).state]).toEqual(['settled', 'settled']);
  });
});

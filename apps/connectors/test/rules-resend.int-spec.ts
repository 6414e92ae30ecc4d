import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { LeasedAttempt } from '../src/connect/attempt.repository.js';
import { NotSent, OutcomeUnknown, Throttled } from '../src/rail-error.js';
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

/** An attempt that was sent, whose answer never came, and whose lease ended `agoMs` ago. */
async function silent(agoMs: number, more: Record<string, unknown> = {}): Promise<string> {
  const { id } = await rig.record.disbursement();
  const at = (ms: number): Date => new Date(Date.now() - ms);
  const times = { first_send_at: at(agoMs + 1000), send_by: at(agoMs), next_at: at(0) };
  await rig.record.attempt(id, 1, 'unknown', { sends: 1, lease_token: 1, ...times, ...more });
  return id;
}

describe('rule F: absent', () => {
  it('rule F: absent before send_by + absentIsFinalAfterMs of every earlier send does not allow a resend', async () => {
    const rail = new ScriptedRail({ absentIsFinalAfterMs: 60_000 });
    const disbursementId = await silent(5000);
    await rig.resolving(rail, () =>
      eventually(
        () => Promise.resolve(rail.asked.length),
        (count) => count > 0,
      ),
    );
    expect(await row({ disbursementId })).toMatchObject({ state: 'unknown', sends: 1 });
  });

  it('rule F: afterwards the same rail id goes out again under a new token', async () => {
    const rail = new ScriptedRail({ absentIsFinalAfterMs: 200 });
    const disbursementId = await silent(5000);
    const before = await row({ disbursementId });
    await rig.resolving(rail, () =>
      eventually(
        () => row({ disbursementId }),
        ({ state }) => state === 'queued',
      ),
    );
    const [again] = await rig.take();
    expect(again).toMatchObject({ railId: before.rail_id, sends: 2 });
    expect(Number(again!.token)).toBeGreaterThan(Number(before.lease_token));
  });

  it('rule F: a shorter lease of a later send does not shorten the wait for an earlier one', async () => {
    const sendBy = new Date(Date.now() + 60_000);
    const id = await queued({ sends: 1, first_send_at: new Date(), send_by: sendBy });
    await rig.take({ leaseMs: 100 });
    expect((await rig.record.attemptRow(id))!.send_by).toEqual(sendBy);
  });

  it('rule F: outside the duplicate window nothing is sent again: an operator decides', async () => {
    const rail = new ScriptedRail({ absentIsFinalAfterMs: 200, dedupeWindowMs: 3000 });
    const disbursementId = await silent(5000);
    await rig.resolving(rail, () =>
      eventually(
        () => row({ disbursementId }),
        ({ state }) => state === 'review',
      ),
    );
    expect(await row({ disbursementId })).toMatchObject({
      state: 'review',
      outcome_seq: 1,
      lease_token: '2',
    });
  });

  it('rule F: a resend is taken only if its whole lease ends inside the window, else an operator decides', async () => {
    const rail = new ScriptedRail({ absentIsFinalAfterMs: 200, dedupeWindowMs: 7000 });
    const disbursementId = await silent(5000);
    await rig.resolving(rail, () =>
      eventually(
        () => row({ disbursementId }),
        ({ state }) => state === 'queued',
      ),
    );
    const worker = rig.worker(rig.lane(rail, { leaseMs: 5000 }));
    worker.start();
    await sleep(100);
    await worker.stop();
    expect(rail.paid).toEqual([]);
    await rig.record.age('attempt', disbursementId, 5000);
    await rig.resolving(rail, () =>
      eventually(
        () => row({ disbursementId }),
        ({ state }) => state === 'review',
      ),
    );
    expect((await row({ disbursementId })).state).toBe('review');
  });
});

describe('rule G: rails that cannot tell', () => {
  it.each([
    ['does not find duplicates', { duplicate: 'none' as const }, { asked: 1 }],
    ['cannot be asked by our id', { query: 'statement-only' as const }, { asked: 0 }],
    ['can be asked by its own reference only', { query: 'by-rail-ref' as const }, { asked: 0 }],
  ])(
    'rule G: silence of a rail that %s goes to review, never out again',
    async (_case, manifest, { asked }) => {
      const rail = new ScriptedRail({ absentIsFinalAfterMs: 0, ...manifest });
      const disbursementId = await silent(60_000);
      await rig.resolving(rail, () =>
        eventually(
          () => row({ disbursementId }),
          ({ state }) => state === 'review',
        ),
      );
      expect((await row({ disbursementId })).state).toBe('review');
      expect(rail.asked).toHaveLength(asked);
      expect(await rig.take()).toEqual([]);
    },
  );

  it('rule G: an operator is asked when the time of the lane is over, not that of another lane', async () => {
    const rail = new ScriptedRail();
    rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'unknown', why: 'no word' });
    const disbursementId = await silent(60_000);
    const asked = (count: number) => (): Promise<boolean> => Promise.resolve(rail.asked.length >= count);
    const look = (unresolvedMaxMs: number, count: number): Promise<unknown> =>
      rig.resolving(rail, () => eventually(asked(count), Boolean), { unresolvedMaxMs });
    await look(120_000, 1);
    expect((await row({ disbursementId })).state).toBe('unknown');
    await rig.record.rows('UPDATE attempt SET next_at = now()');
    await look(30_000, 2);
    expect((await row({ disbursementId })).state).toBe('review');
  });

  it('rule G: what such a rail accepted is asked for by its reference, and is no silence', async () => {
    const rail = new ScriptedRail({ query: 'by-rail-ref' });
    rail.answer = ({ railId }) => ({ railId, at: new Date(), kind: 'settled' });
    const disbursementId = await silent(1000, { rail_reference: 'r-1' });
    await rig.resolving(rail, () =>
      eventually(
        () => row({ disbursementId }),
        ({ state }) => state === 'settled',
      ),
    );
    expect((await row({ disbursementId })).state).toBe('settled');
  });

  it('rule G: a refusal before any byte left is sent again even there', async () => {
    const id = await queued();
    const rail = new ScriptedRail({ duplicate: 'none' });
    const pay = rail.take;
    rail.take = () => {
      rail.take = pay;
      return Promise.reject(new NotSent('connection refused'));
    };
    const worker = rig.worker(rig.lane(rail));
    worker.start();
    await eventually(
      () => row({ disbursementId: id }),
      ({ state }) => state === 'settled',
    );
    await worker.stop();
    expect(rail.paid).toHaveLength(1);
  });

  it('rule G: an answer that does not come leaves the attempt unknown, and the worker sends nothing more', async () => {
    const disbursementId = await queued();
    const rail = new ScriptedRail({ duplicate: 'none' });
    let calls = 0;
    rail.take = () => {
      calls += 1;
      return Promise.reject(new OutcomeUnknown('no answer'));
    };
    const worker = rig.worker(rig.lane(rail));
    worker.start();
    await eventually(
      () => row({ disbursementId }),
      ({ state }) => state === 'unknown',
    );
    await sleep(250);
    await worker.stop();
    expect([calls, (await row({ disbursementId })).state]).toEqual([1, 'unknown']);
  });

  it('rule G: "slower" puts an attempt back with its rail id, and often enough it is a refusal', async () => {
    const attempt = await taken();
    await rig.write(attempt, { kind: 'requeued', throttled: true, notBeforeMs: 1000 });
    expect(await row(attempt)).toMatchObject({ state: 'queued', rail_id: attempt.railId, sends: 0 });
    await rig.record.rows('UPDATE attempt SET throttles = 20, not_before = NULL');
    const rail = new ScriptedRail();
    rail.take = () => Promise.reject(new Throttled('slower', 10));
    const worker = rig.worker(rig.lane(rail));
    worker.start();
    await eventually(
      () => row(attempt),
      ({ state }) => state === 'rejected',
    );
    await worker.stop();
    expect(await row(attempt)).toMatchObject({ state: 'rejected', reason: 'rail_busy', retryable: true });
  });
});

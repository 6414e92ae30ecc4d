import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '@gpo/persistence';
import { registerLanes } from '../../connectors/src/lanes/lane.registry.js';
import {
  countPublished,
  giveToOperator,
  publishAgain,
  reportUnhosted,
  takeStuck,
  takeUntold,
} from '../src/watchdog/watchdog.repository.js';
import type { SeedLine } from '../../../tools/testing/record-rig-spec.js';
import { OutcomeRig, STUCK_MS } from './outcome.rig-spec.js';

let rig: OutcomeRig;
beforeAll(async () => {
  rig = await OutcomeRig.start();
  await registerLanes(rig.record.dataSource, ['a']);
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

const old: OutcomeRig['old'] = (...line) => rig.old(...line);

async function retry(id: string, due: string, published: boolean): Promise<void> {
  await rig.record.rows(
    `INSERT INTO retry (disbursement_id, attempt_no, lane, due_at, record, published_at)
     VALUES ($1, 2, 'a', now() + $2::interval, '{}', $3)`,
    [id, due, published ? new Date() : null],
  );
}

const stuck = async (): Promise<string[]> =>
  (await takeStuck(rig.record.dataSource, STUCK_MS)).map(({ disbursement_id }) => disbursement_id);

describe('rule N: open rows are reconciled from Postgres', () => {
  it.each([
    ['no attempt', { state: 'received' }, []],
    ['an outcome that nobody heard', { state: 'received' }, [['rejected']]],
    ['a settlement that nobody heard', { state: 'retrying', attemptNo: 2 }, [['rejected'], ['settled']]],
    ['a retry without its stored message', { state: 'retrying', attemptNo: 2 }, [['rejected']]],
    ['a void attempt whose reason nobody heard', { state: 'received' }, [['void']]],
  ] as [string, SeedLine, [string][]][])('rule N: %s is published again', async (_case, line, attempts) => {
    const id = await old(line, attempts);
    expect(await stuck()).toEqual([id]);
    expect(await stuck()).toEqual([]);
  });

  it.each([
    ['scheduled', { dueInMs: 3_600_000 }, []],
    ['held', { state: 'on_hold' }, []],
    ['in review', { state: 'review' }, [['review']]],
    ['in the queue of a lane', {}, [['queued']]],
    ['accepted', {}, [['accepted']]],
    ['being asked for', {}, [['unknown']]],
    ['not published yet', {}, [['rejected', { published_seq: 0 }]]],
    ['final', { state: 'failed' }, [['rejected']]],
  ] as [string, SeedLine, [string, Record<string, unknown>?][]][])(
    'rule N: a row that is %s is not the watchdog’s business',
    async (_case, line, attempts) => {
      await old(line, attempts);
      expect(await stuck()).toEqual([]);
    },
  );

  it('rule N: a retry that waits is not its business, one that was published and made no attempt is', async () => {
    const line = { state: 'retrying', attemptNo: 2 };
    const [waiting, lost] = [await old(line, [['rejected']]), await old(line, [['rejected']])];
    await retry(waiting, '1 hour', false);
    await retry(lost, '-1 hour', true);
    expect(await stuck()).toEqual([lost]);
  });

  it('rule N: a row that made progress a moment ago is left alone', async () => {
    const [row, attempt] = [await old({}), await old({}, [['rejected']])];
    const recently = "now() - interval '30 seconds'";
    await rig.record.rows(`UPDATE disbursement SET updated_at = ${recently} WHERE disbursement_id = $1`, [
      row,
    ]);
    await rig.record.rows(`UPDATE attempt SET updated_at = ${recently} WHERE disbursement_id = $1`, [
      attempt,
    ]);
    expect(await stuck()).toEqual([]);
  });

  it('rule N: two watchdogs do not take the same row', async () => {
    const id = await old({});
    let second: Promise<string[]> | undefined;
    await inTransaction(rig.record.dataSource, async (sql) => {
      expect(await takeStuck(sql, STUCK_MS)).toMatchObject([{ disbursement_id: id }]);
      second = stuck();
      await sleep(150);
    });
    expect(await second).toEqual([]);
  });

  it('rule N: after three times without effect a row without an attempt is in review, with an alarm', async () => {
    const id = await old({});
    for (const times of [0, 1, 2, 3]) {
      const [row] = await takeStuck(rig.record.dataSource, STUCK_MS);
      expect(row).toMatchObject({ disbursement_id: id, times });
      await countPublished(rig.record.dataSource, [id]);
      await rig.record.age('watchdog_mark', id, 2 * STUCK_MS);
    }
    await giveToOperator(rig.record.dataSource, [{ disbursement_id: id, attempt_no: 1 }]);
    expect(await rig.record.attemptRow(id)).toMatchObject({
      state: 'review',
      outcome_seq: 1,
      published_seq: 0,
    });
    expect(await rig.record.incidents(id)).toEqual([{ kind: 'stuck', attempt_no: 1 }]);
  });

  it('rule N: where an attempt exists only the alarm is raised', async () => {
    const id = await old({}, [['queued']]);
    await giveToOperator(rig.record.dataSource, [{ disbursement_id: id, attempt_no: 1 }]);
    expect((await rig.record.attemptRow(id))!.state).toBe('queued');
    expect(await rig.record.incidents(id)).toEqual([{ kind: 'stuck', attempt_no: 1 }]);
  });

  it('rule N: progress in between begins the count anew', async () => {
    const id = await old({}, [['rejected']], 10 * STUCK_MS);
    await stuck();
    await countPublished(rig.record.dataSource, [id]);
    await rig.record.age('watchdog_mark', id, 5 * STUCK_MS);
    await rig.record.rows(`UPDATE disbursement SET updated_at = now() - interval '3 minutes'`);
    expect((await takeStuck(rig.record.dataSource, STUCK_MS))[0]).toMatchObject({ times: 0 });
  });

  it.each([
    ['a return of a succeeded one', { state: 'succeeded' }, [['returned', 2]], 1],
    ['a settlement of a failed one', { state: 'failed' }, [['settled', 2]], 1],
    [
      'a settlement of an earlier attempt',
      { state: 'retrying', attemptNo: 2 },
      [
        ['settled', 2],
        ['void', 0],
      ],
      1,
    ],
    [
      'a settlement of a later attempt after a return',
      { state: 'returned', attemptNo: 2 },
      [
        ['returned', 2],
        ['settled', 1],
      ],
      2,
    ],
    ['an operator’s refusal of a review', { state: 'review' }, [['rejected', 2]], 1],
  ] as [string, SeedLine, [string, number][], number][])(
    'rule N: %s that nobody heard is published again, also after completion',
    async (_case, line, attempts, attemptNo) => {
      const rows = attempts.map(([state, seq]): [string, Record<string, unknown>] => [
        state,
        { outcome_seq: seq, published_seq: seq },
      ]);
      const id = await old(line, rows);
      await rig.record.rows('UPDATE batch SET completed_at = now()');
      const untold = await takeUntold(rig.record.dataSource, STUCK_MS);
      expect(untold).toEqual([{ disbursement_id: id, attempt_no: attemptNo, times: 0 }]);
      expect(await takeUntold(rig.record.dataSource, STUCK_MS)).toEqual([]);
    },
  );

  it('rule N: a disbursement that follows its attempts is not published again', async () => {
    await old({ state: 'returned' }, [['returned', { outcome_seq: 2, published_seq: 2 }]]);
    await old({ state: 'succeeded', attemptNo: 2 }, [['rejected'], ['settled']]);
    expect(await takeUntold(rig.record.dataSource, STUCK_MS)).toEqual([]);
  });

  it('rule K: publishing again lowers the mark by one, and only where there is an outcome', async () => {
    const [told, none] = [
      await old({}, [['settled', { outcome_seq: 2, published_seq: 2 }]]),
      await old({}, [['queued']]),
    ];
    await publishAgain(
      rig.record.dataSource,
      [told, none].map((id) => ({ disbursement_id: id, attempt_no: 1 })),
    );
    expect(await rig.record.attemptRow(told)).toMatchObject({ outcome_seq: 2, published_seq: 1 });
    expect(await rig.record.attemptRow(none)).toMatchObject({ outcome_seq: 0, published_seq: 0 });
  });

  it.each(['queued', 'sending', 'accepted', 'unknown'])(
    'rule N: an attempt that is %s on a lane no process hosts raises an alarm, once',
    async (state) => {
      const id = await old({}, [[state]]);
      expect(await reportUnhosted(rig.record.dataSource, STUCK_MS)).toBe(0);
      await rig.record.rows(`UPDATE lane SET seen_at = now() - interval '1 hour'`);
      expect(await reportUnhosted(rig.record.dataSource, STUCK_MS)).toBe(1);
      expect(await reportUnhosted(rig.record.dataSource, STUCK_MS)).toBe(0);
      expect(await rig.record.incidents(id)).toEqual([{ kind: 'lane_unhosted', attempt_no: 1 }]);
    },
  );
});

import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { takeStuck, takeUntold } from '../src/watchdog/watchdog.repository.js';
import {
  ALL_LINES,
  ALL_OUTCOMES,
  endOfOutcomes,
  nextLines,
  type LinePlace,
  type LineStep,
} from '../src/watchdog/watchdog.steps.js';
import type { SeedLine } from '../../../tools/testing/record-rig-spec.js';
import { OutcomeRig, STUCK_MS } from './outcome.rig-spec.js';

let rig: OutcomeRig;
beforeAll(async () => {
  rig = await OutcomeRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

const old: OutcomeRig['old'] = (...line) => rig.old(...line);

describe('the watchdog goes over everything in small steps', () => {
  it('rule N: a step reads so many lines of open batches and no more, and a round of steps finds each row once', async () => {
    const { dataSource } = rig.record;
    const wanted = await Promise.all(Array.from({ length: 12 }, () => old({ state: 'received' }, [])));
    const done = await Promise.all(Array.from({ length: 4 }, () => old({ state: 'received' }, [])));
    await rig.record.rows(
      `UPDATE batch SET completed_at = now() WHERE batch_id IN (SELECT batch_id FROM disbursement WHERE disbursement_id = ANY($1))`,
      [done],
    );
    const steps: string[][] = [];
    for (let after: LinePlace | undefined = ALL_LINES.after; after !== undefined;) {
      const { end, isWorth }: LineStep = await nextLines(dataSource, STUCK_MS, after, 5);
      expect(isWorth).toBe(true);
      const found = await takeStuck(dataSource, STUCK_MS, { after, to: end ?? ALL_LINES.to });
      steps.push(found.map(({ disbursement_id }) => disbursement_id));
      after = end;
    }
    expect(steps.map(({ length }) => length)).toEqual([5, 5, 2]);
    expect(steps.flat().sort()).toEqual([...wanted].sort());
  });

  it.each([
    ['no open batch has a line', undefined, 0, false],
    ['a line ended', { state: 'succeeded' }, 2 * STUCK_MS, false],
    ['a line is not due', { dueInMs: 3_600_000 }, 2 * STUCK_MS, false],
    ['a line made progress', {}, 1000, false],
    ['a line is open, due and old', {}, 2 * STUCK_MS, true],
    ['a line is tried again since long', { state: 'retrying', attemptNo: 2 }, 2 * STUCK_MS, true],
  ] as [string, SeedLine | undefined, number, boolean][])(
    'rule N: where %s, a step is worth a closer look or not',
    async (_case, line, agoMs, isWorth) => {
      if (line !== undefined) await old({ dueInMs: -4 * STUCK_MS, ...line }, [], agoMs);
      const found = await nextLines(rig.record.dataSource, STUCK_MS, ALL_LINES.after);
      expect(found).toEqual({ end: undefined, isWorth });
    },
  );

  it('rule N: steps go on within a batch of many lines', async () => {
    const { dataSource } = rig.record;
    const wanted: string[] = [];
    for (let line = 1; line <= 7; line += 1) wanted.push(await old({ state: 'received' }));
    await rig.record.rows(
      `UPDATE disbursement d SET line_no = u.line_no,
              batch_id = (SELECT batch_id FROM disbursement WHERE disbursement_id = ($1::uuid[])[1])
         FROM unnest($1::uuid[]) WITH ORDINALITY AS u(disbursement_id, line_no)
        WHERE d.disbursement_id = u.disbursement_id`,
      [wanted],
    );
    const { end: first } = await nextLines(dataSource, STUCK_MS, ALL_LINES.after, 3);
    const { end: second } = await nextLines(dataSource, STUCK_MS, first!, 3);
    expect([first?.line, second?.line]).toEqual([3, 6]);
    const found = await takeStuck(dataSource, STUCK_MS, { after: first!, to: second! });
    expect(found.map(({ disbursement_id }) => disbursement_id).sort()).toEqual(wanted.slice(3, 6).sort());
  });

  it('rule N: outcomes that came at the same time are in the same step, and a round finds each', async () => {
    const { dataSource } = rig.record;
    const returned: [string, Record<string, unknown>][] = [
      ['returned', { outcome_seq: 2, published_seq: 2 }],
    ];
    const wanted = await Promise.all(Array.from({ length: 7 }, () => old({ state: 'succeeded' }, returned)));
    await rig.record.rows(
      `UPDATE attempt SET updated_at = date_trunc('day', now()) - CASE WHEN disbursement_id = ANY($1) THEN interval '2 days' ELSE interval '1 day' END`,
      [wanted.slice(0, 4)],
    );
    const steps: string[][] = [];
    for (let after: string | undefined = ALL_OUTCOMES.after; after !== undefined;) {
      const end: string | undefined = await endOfOutcomes(dataSource, STUCK_MS, after, 2);
      const found = await takeUntold(dataSource, STUCK_MS, { after, to: end ?? ALL_OUTCOMES.to });
      steps.push(found.map(({ disbursement_id }) => disbursement_id).sort());
      after = end;
    }
    expect(steps).toEqual([wanted.slice(0, 4).sort(), wanted.slice(4).sort(), []]);
  });
});

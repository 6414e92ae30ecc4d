import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { takeStuck } from '../src/watchdog/watchdog.repository.js';
import { OPERATOR, SENDER, StoredBatch, booksThatDisagree } from './batch-decision-rig-spec.js';
import { HoldRig, holdClaim } from './hold-rig-spec.js';

let rig: HoldRig;
beforeAll(async () => {
  rig = await HoldRig.start(SENDER);
}, 60_000);
afterAll(() => rig.stop(), 30_000);

const all = <T>(count: number, what: T): T[] => Array.from({ length: count }, () => what);

describe('a hold by people', () => {
  it('a held batch is not claimed, nor are lines that arrive later; after the release each is, and each goes on', async () => {
    const batch = await StoredBatch.of(rig, 5);
    await batch.dispatched();
    expect(await batch.hold()).toMatchObject({ done: 5, already: 0, tooLate: 0 });
    expect(await batch.claim()).toEqual(all(5, 'row_answers'));
    await batch.add(2);
    expect(await batch.claim()).toEqual(all(7, 'row_answers'));
    expect(await batch.published()).toEqual([]);
    expect(await batch.release()).toMatchObject({ done: 7, already: 0, tooLate: 0, kept: 0 });
    expect(await batch.published()).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(await batch.claim()).toEqual(all(7, 'claimed'));
  });

  it('what a lane claimed is told as too late and by name; done again, a hold and a release change nothing', async () => {
    const batch = await StoredBatch.of(rig, 6);
    await batch.claim(batch.lines.slice(0, 2));
    for (const [done, already] of [
      [4, 0],
      [0, 4],
    ]) {
      const tally = await batch.hold();
      expect(tally).toMatchObject({ done, already, tooLate: 2 });
      expect(tally.tooLateLines).toEqual([
        { reference_id: 'r0', state: 'received', attempt_state: 'queued' },
        { reference_id: 'r1', state: 'received', attempt_state: 'queued' },
      ]);
    }
    expect(await batch.release()).toMatchObject({ done: 4, already: 0, tooLate: 2 });
    expect(await batch.release()).toMatchObject({ done: 0, already: 4, tooLate: 2 });
    const by = { actor: 'sender programme', reason: 'the district office asked for it', lines: null };
    expect(await batch.decisions()).toEqual([
      { action: 'hold', ...by },
      { action: 'release', ...by },
    ]);
  });

  it('single lines are held and released by reference, also inside a held batch; unknown references are named', async () => {
    const batch = await StoredBatch.of(rig, 5);
    await batch.claim([batch.lines[4]!]);
    await batch.dispatched();
    const references = ['r0', 'r1', 'r4', 'r0', 'nobody'];
    const first = await batch.hold({ references });
    expect(first).toMatchObject({ done: 2, already: 0, tooLate: 1, unknown: ['nobody'] });
    expect(await batch.hold({ references })).toMatchObject({ done: 0, already: 2, tooLate: 1 });
    expect(await batch.claim(batch.lines.slice(0, 3))).toEqual(['row_answers', 'row_answers', 'claimed']);

    expect(await batch.hold()).toMatchObject({ done: 1, already: 2, tooLate: 2 });
    expect(await batch.release({ references: ['r1'] })).toMatchObject({ done: 1, already: 0, kept: 0 });
    expect(await batch.published()).toEqual([2]);
    await batch.dispatched();
    const open = [batch.lines[0]!, batch.lines[1]!, batch.lines[3]!];
    expect(await batch.claim(open)).toEqual(['row_answers', 'claimed', 'row_answers']);
    expect(await batch.release()).toMatchObject({ done: 2, already: 0, tooLate: 3 });
    expect(await batch.published()).toEqual([1, 4]);
    expect(await batch.claim(open)).toEqual(['claimed', 'exists', 'claimed']);
  });

  it('a line that was released by itself is held again when the batch is held again', async () => {
    const batch = await StoredBatch.of(rig, 3);
    await batch.hold();
    await batch.release({ references: ['r1'] });
    expect(await batch.hold()).toMatchObject({ done: 1, already: 2 });
    expect(await batch.claim()).toEqual(all(3, 'row_answers'));
  });

  it('what an operator holds its sender cannot release, neither the batch nor a line; an operator releases both', async () => {
    const batch = await StoredBatch.of(rig, 4);
    await batch.hold({ references: ['r0'] });
    expect(await batch.hold({ ...OPERATOR, references: ['r1'] })).toMatchObject({ done: 1 });
    expect(await batch.release()).toMatchObject({ done: 1, kept: 1 });
    expect(await batch.release({ references: ['r1'] })).toMatchObject({ done: 0, kept: 1 });
    expect(await batch.claim(batch.lines.slice(0, 2))).toEqual(['claimed', 'row_answers']);

    await batch.hold();
    expect(await batch.hold(OPERATOR)).toMatchObject({ done: 0, already: 3 });
    expect(await batch.hold()).toMatchObject({ done: 0, already: 3 });
    expect(await batch.release()).toMatchObject({ done: 0, kept: 3 });
    expect(await batch.release({ references: ['r2'] })).toMatchObject({ done: 0, kept: 1 });
    expect(await batch.claim()).toEqual(['exists', ...all(3, 'row_answers')]);
    expect(await batch.release(OPERATOR)).toMatchObject({ done: 3, kept: 0 });
    expect(await batch.claim()).toEqual(['exists', ...all(3, 'claimed')]);
  });

  it('a hold by a person and a hold by a rule are two: each is released by itself, and both must be', async () => {
    const batch = await StoredBatch.of(rig, 2);
    const [ruled, both] = batch.lines as [(typeof batch.lines)[0], (typeof batch.lines)[0]];
    await batch.dispatched();
    await rig.outcomes.apply([holdClaim(both.id, both.raw)], 0);
    expect(await batch.hold()).toMatchObject({ done: 2 });
    await rig.outcomes.apply([holdClaim(ruled.id, ruled.raw)], 0);
    const by = { operatorId: 'operator', reason: 'seen' };
    await rig.holds.release({ disbursementId: both.id, ...by });
    // Its routed record was published, and dropped because the batch is held.
    await rig.rows('UPDATE hold SET published_at = now() WHERE disbursement_id = $1', [both.id]);
    expect(await batch.claim()).toEqual(['not_payable', 'row_answers']);
    await batch.release();
    const [routed] = await rig.rows('SELECT published_at FROM hold WHERE disbursement_id = $1', [both.id]);
    expect(routed).toEqual({ published_at: null });
    expect(await batch.claim()).toEqual(['not_payable', 'claimed']);
    await rig.holds.release({ disbursementId: ruled.id, ...by });
    expect(await batch.claim()).toEqual(['claimed', 'exists']);
  });

  it('rule N: the watchdog leaves held lines alone, and gives a released one its full time', async () => {
    const [batch, single] = [await StoredBatch.of(rig, 2), await StoredBatch.of(rig, 2)];
    const ids = [...batch.lines, ...single.lines].map(({ id }) => id);
    const stuck = async (): Promise<string[]> => {
      await rig.rows('TRUNCATE watchdog_mark');
      const found = await takeStuck(rig.dataSource, 60_000);
      return found.map(({ disbursement_id }) => disbursement_id).filter((id) => ids.includes(id));
    };
    for (const one of [batch, single]) await one.dispatched();
    await rig.rows(
      `UPDATE disbursement SET due_at = due_at - interval '1 hour', updated_at = now() - interval '1 hour'
        WHERE disbursement_id = ANY($1)`,
      [ids],
    );
    expect((await stuck()).toSorted()).toEqual(ids.toSorted());
    await batch.hold();
    await single.hold({ references: ['r0', 'r1'] });
    expect(await stuck()).toEqual([]);
    await batch.release();
    await single.release({ references: ['r0', 'r1'] });
    for (const one of [batch, single]) await one.dispatched();
    expect(await stuck()).toEqual([]);
    const back = `SET released_at = now() - interval '61 seconds'`;
    await rig.rows(`UPDATE batch ${back} WHERE batch_id = $1`, [batch.id]);
    await rig.rows(`UPDATE disbursement ${back} WHERE batch_id = $1`, [single.id]);
    expect((await stuck()).toSorted()).toEqual(ids.toSorted());
  });

  it('a hold and claims at the same instant, in 60 rounds: what the answer counts as held has no attempt, the rest has', async () => {
    for (let round = 0; round < 60; round += 1) {
      const batch = await StoredBatch.of(rig, 40);
      const named = round % 2 === 0 ? {} : { references: batch.lines.map(({ raw }) => raw.reference_id) };
      const claims = Array.from({ length: 8 }, (_, index) =>
        batch.claim(batch.lines.slice(index * 5, index * 5 + 5)),
      );
      const [tally] = await Promise.all([batch.hold(named), ...claims]);
      expect(tally.done + tally.tooLate).toBe(40);
      const { 'received/none': held = 0, 'received/queued': claimed = 0 } = await batch.stands();
      expect([held, claimed]).toEqual([tally.done, tally.tooLate]);
    }
    expect(await booksThatDisagree(rig)).toEqual([]);
  }, 120_000);
});

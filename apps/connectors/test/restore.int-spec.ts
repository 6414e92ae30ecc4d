import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { railId } from '@gpo/g2p-connect-schemas';
import { beginRestore, type RestoreBegun } from '@gpo/persistence';
import { eventually, type AttemptRow } from '../../../tools/testing/record-rig-spec.js';
import { registerLanes } from '../src/lanes/lane.registry.js';
import { ConnectRig, ScriptedRail } from './connect.rig-spec.js';

let rig: ConnectRig;
beforeAll(async () => {
  rig = await ConnectRig.start();
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

function restored(agoMs = 60_000): Promise<RestoreBegun> {
  const backupAt = new Date(Date.now() - agoMs).toISOString();
  const by = { askFirstHours: 1, actor: 'somebody', reason: 'the disk was lost' };
  return beginRestore(rig.record.dataSource, { backupAt, ...by });
}

const open = (): Promise<unknown> => rig.record.rows(`UPDATE lane SET state = 'open'`);

async function seen(id: string, state: string): Promise<AttemptRow> {
  const row = await eventually(
    () => rig.record.attemptRow(id),
    (found) => found?.state === state,
  );
  return row!;
}

describe('after a restore', () => {
  it('every lane is held under the name of who restores, and one that the backup does not know starts held', async () => {
    expect(await restored()).toMatchObject({ lanes_held: 2 });
    await registerLanes(rig.record.dataSource, ['a', 'new']);
    const lanes = await rig.record.rows('SELECT lane, state FROM lane ORDER BY lane');
    expect(lanes).toEqual(['a', 'b', 'new'].map((lane) => ({ lane, state: 'held' })));
    const events = await rig.record.rows(`SELECT DISTINCT to_state, actor, reason FROM lane_event`);
    expect(events).toEqual([
      { to_state: 'held', actor: 'somebody', reason: 'restored from a backup: the disk was lost' },
    ]);
    await rig.record.rows(`DELETE FROM lane WHERE lane = 'new'`);
    await open();
  });

  it('an attempt that waited in the backup is asked for; what the rail knows is never sent', async () => {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'queued', { rail_id: railId('a', id, 1) });
    expect(await restored()).toMatchObject({ asked_first: 1 });
    await open();
    expect(await rig.take()).toEqual([]);
    const rail = new ScriptedRail();
    rail.answer = (key) => ({ railId: key.railId, at: new Date(), kind: 'settled' });
    await rig.resolving(rail, () => seen(id, 'settled'));
    expect(rail.asked).toEqual([railId('a', id, 1)]);
    expect(rail.paid).toEqual([]);
  });

  it('a new attempt is asked for under the id it would have had; what is surely absent is sent under it', async () => {
    await restored();
    await open();
    const seeded = await rig.record.disbursement();
    expect(await rig.claim(rig.request(seeded))).toEqual(['claimed']);
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ state: 'unknown', sends: 1 });
    const rail = new ScriptedRail();
    await rig.resolving(rail, () => seen(seeded.id, 'queued'));
    expect((await rig.take()).map((attempt) => attempt.railId)).toEqual([railId('a', seeded.id, 1)]);
  });

  it('absent is believed only when everything that was sent before the restore has surely arrived', async () => {
    await restored();
    const seeded = await rig.record.disbursement();
    await rig.claim(rig.request(seeded));
    const rail = new ScriptedRail({ absentIsFinalAfterMs: 60_000 });
    await rig.resolving(rail, () =>
      eventually(
        () => Promise.resolve(rail.asked.length),
        (count) => count > 0,
      ),
    );
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ state: 'unknown' });
  });

  it.each([
    ['has no duplicate check', { duplicate: 'none' }, 60_000],
    ['cannot be asked by our id', { query: 'statement-only' }, 60_000],
    ['remembers for a shorter time than has passed since the backup', { dedupeWindowMs: 30_000 }, 60_000],
  ] as const)('on a rail that %s, a new attempt goes to review', async (_what, manifest, agoMs) => {
    await restored(agoMs);
    const seeded = await rig.record.disbursement();
    await rig.claim(rig.request(seeded));
    await rig.resolving(new ScriptedRail(manifest), () => seen(seeded.id, 'review'));
  });

  it('when the hours are over, new attempts wait to be sent as always', async () => {
    await restored();
    await rig.record.rows(`UPDATE restore SET ask_until = now()`);
    const seeded = await rig.record.disbursement();
    await rig.claim(rig.request(seeded));
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({
      state: 'queued',
      sends: 0,
      next_at: null,
    });
  });

  it('what was on its way is asked about at once, and a return that was lost comes back with the next look', async () => {
    const [way, paid] = [
      await rig.record.disbursement(),
      await rig.record.disbursement({ state: 'succeeded' }),
    ];
    const [soon, before] = [new Date(Date.now() + 3_600_000), new Date(Date.now() - 1000)];
    await rig.record.attempt(way.id, 1, 'accepted', { sends: 1, outcome_seq: 1, next_at: soon });
    const settled = { sends: 1, outcome_seq: 1, resolved_at: before };
    await rig.record.attempt(paid.id, 1, 'settled', { ...settled, next_at: before });
    expect(await restored()).toMatchObject({ asked_again: 1 });
    const rail = new ScriptedRail();
    rail.answer = (key) => ({ railId: key.railId, at: new Date(), kind: 'returned', reason: 'reversed' });
    await rig.resolving(rail, async () => {
      await seen(way.id, 'returned');
      await seen(paid.id, 'returned');
    });
  });
});

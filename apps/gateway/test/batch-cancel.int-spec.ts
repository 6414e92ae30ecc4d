import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OPERATOR, SENDER, StoredBatch, booksThatDisagree, payUntil } from './batch-decision-rig-spec.js';
import { HoldRig, holdClaim } from './hold-rig-spec.js';

let rig: HoldRig;
beforeAll(async () => {
  rig = await HoldRig.start(SENDER);
  await rig.rows(`INSERT INTO lane (lane) VALUES ('core-banking')`);
}, 60_000);
afterAll(() => rig.stop(), 30_000);

describe('a cancel by people', () => {
  it('rule C: what no lane has sent is cancelled whatever it waits for, the rest is too late and named; again changes nothing', async () => {
    const batch = await StoredBatch.of(rig, 5);
    await batch.add(1, { scheduled_timestamp: new Date(Date.now() + 86_400_000).toISOString() });
    const [onHold, queued, sending, sentBefore, held] = batch.lines;
    await rig.outcomes.apply([holdClaim(onHold!.id, onHold!.raw)], 0);
    await batch.claim([queued!, sending!, sentBefore!]);
    await rig.rows(`UPDATE attempt SET state = 'sending', sends = 1 WHERE disbursement_id = $1`, [
      sending!.id,
    ]);
    await rig.rows('UPDATE attempt SET sends = 1 WHERE disbursement_id = $1', [sentBefore!.id]);
    await batch.hold({ references: [held!.raw.reference_id] });
    const tooLateLines = [
      { reference_id: 'r2', state: 'received', attempt_state: 'sending' },
      { reference_id: 'r3', state: 'received', attempt_state: 'queued' },
    ];
    for (const [done, already] of [
      [4, 0],
      [0, 4],
    ])
      expect(await batch.cancel(OPERATOR)).toMatchObject({
        next: null,
        tally: { done, already, tooLate: 2, tooLateLines },
      });
    expect(await batch.stands()).toEqual({
      'cancelled/void': 4,
      'received/queued': 1,
      'received/sending': 1,
    });
    const history = await rig.rows(
      `SELECT DISTINCT event, to_state, reason, message, actor FROM history WHERE batch_id = $1 AND event = 'cancel'`,
      [batch.id],
    );
    expect(history).toEqual([
      {
        event: 'cancel',
        to_state: 'cancelled',
        reason: 'cancelled',
        message: 'the district office asked for it',
        actor: 'operator',
      },
    ]);
    expect(await booksThatDisagree(rig)).toEqual([]);
  });

  it('lines are cancelled by reference; the others of the batch are paid as before', async () => {
    const batch = await StoredBatch.of(rig, 3);
    const references = ['r1', 'nobody'];
    const first = await batch.cancel({ references });
    expect(first.tally).toMatchObject({ done: 1, already: 0, tooLate: 0, unknown: ['nobody'] });
    expect((await batch.cancel({ references })).tally).toMatchObject({ done: 0, already: 1 });
    expect(await batch.claim()).toEqual(['claimed', 'exists', 'claimed']);
  });

  it('a batch whose last open lines are cancelled is complete', async () => {
    const batch = await StoredBatch.of(rig, 1200);
    expect((await batch.cancel()).tally).toMatchObject({ done: 1200, tooLate: 0 });
    const [row] = await rig.rows<{ completed_at: Date | null; hold_mark: null }>(
      'SELECT completed_at, hold_mark FROM batch WHERE batch_id = $1',
      [batch.id],
    );
    expect(row).toEqual({ completed_at: expect.any(Date), hold_mark: null });
  }, 30_000);

  it('while a batch is cancelled no lane claims its lines; one that arrives meanwhile goes on afterwards', async () => {
    const batch = await StoredBatch.of(rig, 3000);
    const cancelling = batch.cancel();
    await sleep(30);
    await batch.add(1);
    const last = batch.lines.at(-1)!;
    await batch.claim([last]);
    await cancelling;
    const stands = await batch.stands();
    const late = stands['received/none'] ?? 0;
    // The late line was seen by the cancel, or it came after; then it waits for its range.
    expect([stands['cancelled/void'], late]).toEqual([3001 - late, late]);
    expect(await batch.published()).toEqual(late === 1 ? [3001] : []);
  }, 30_000);

  it('a hold that was there before the cancel stays; a hold made during a cancel that stopped half-way stays, too', async () => {
    const mark = async (batch: StoredBatch): Promise<unknown> =>
      (await rig.rows('SELECT hold_mark, cancelling FROM batch WHERE batch_id = $1', [batch.id]))[0];
    const before = await StoredBatch.of(rig, 2);
    await before.hold(OPERATOR);
    await before.cancel();
    expect(await mark(before)).toEqual({ hold_mark: 'operator', cancelling: false });
    const stopped = await StoredBatch.of(rig, 2);
    await rig.rows(`UPDATE batch SET hold_mark = 'sender', cancelling = true WHERE batch_id = $1`, [
      stopped.id,
    ]);
    expect(await stopped.claim()).toEqual(['row_answers', 'row_answers']);
    await stopped.hold();
    expect((await stopped.cancel()).tally.done).toBe(2);
    expect(await mark(stopped)).toEqual({ hold_mark: 'sender', cancelling: false });
  });

  it('rule C: claims, a lane that pays, and cancels at the same instant, in 40 rounds: each line is paid or cancelled, never both, never neither', async () => {
    const seen = { paid: 0, cancelled: 0 };
    for (let round = 0; round < 40; round += 1) {
      const batch = await StoredBatch.of(rig, 40);
      const parts = Array.from({ length: 8 }, (_, index) => batch.lines.slice(index * 5, index * 5 + 5));
      let over = false;
      const lane = payUntil(rig, () => over);
      const claims = parts.map(async (part, index) => {
        await sleep((index * round) % 13);
        return batch.claim(part);
      });
      const cancels = parts.toReversed().map(async (part, index) => {
        await sleep((index * 7) % (round + 1));
        const references = part.map(({ raw }) => raw.reference_id);
        return (await batch.cancel({ references })).tally;
      });
      const [, tallies] = await Promise.all([Promise.all(claims), Promise.all(cancels)]);
      over = true;
      await lane;
      const told = tallies.reduce((sum, { done }) => sum + done, 0);
      const {
        'cancelled/void': cancelled = 0,
        'received/settled': paid = 0,
        ...others
      } = await batch.stands();
      expect(others).toEqual({});
      expect([cancelled, paid]).toEqual([told, 40 - told]);
      const sent = await rig.rows(
        `SELECT 1 FROM attempt a JOIN disbursement d USING (disbursement_id)
          WHERE d.batch_id = $1 AND (a.sends > 0) <> (a.state = 'settled')`,
        [batch.id],
      );
      expect(sent).toEqual([]);
      seen.paid += paid;
      seen.cancelled += cancelled;
    }
    // Both won at times, or they never met.
    expect(Math.min(seen.paid, seen.cancelled)).toBeGreaterThan(20);
    expect(await booksThatDisagree(rig)).toEqual([]);
  }, 180_000);
});

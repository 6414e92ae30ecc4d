import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readReviews } from '../src/review/review.reader.js';
import { expectSameLater } from './as-of.rig-spec.js';
import type { OutcomeRig } from './outcome.rig-spec.js';
import { ReviewRig } from './review.rig-spec.js';

let desk: ReviewRig;
let rig: OutcomeRig;
beforeAll(async () => {
  desk = await ReviewRig.start();
  rig = desk.outcome;
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

describe('rule L: an operator ends an attempt in review', () => {
  it.each([
    ['paid', 'settled', 'success', 'succeeded'],
    ['returned', 'returned', 'failure', 'returned'],
    ['not-paid', 'rejected', 'failure', 'failed'],
  ] as const)(
    'rule L: "%s" makes the attempt %s and touches no disbursement; the outcome that is published moves it',
    async (decision, attemptState, kind, state) => {
      const seeded = await desk.inReview();
      expect(await desk.decide(seeded, decision, { railReference: 'R-17' })).toBe(attemptState);
      expect(await rig.record.attemptRow(seeded.id)).toMatchObject({
        ...{ state: attemptState, outcome_seq: 2, published_seq: 1, definite: true },
        ...{ rail_reference: 'R-17', message: 'An operator decided: seen the statement' },
      });
      expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'review', attempt_no: 1 });
      await rig.apply(rig.claim(seeded, kind));
      expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state });
      const { counters, recount } = await rig.counted(seeded.batchId);
      expect(counters).toEqual(recount);
      expect((await desk.history(seeded))[0]).toMatchObject({
        ...{ event: 'decided', from_state: 'review', to_state: 'review', reason: decision, actor: 'amina' },
        message: expect.stringContaining('seen the statement (camt.053 of 24 November'),
      });
    },
  );

  it('rules H and L: "pay-again" stores the retry with the decision, and exactly one next attempt comes of it', async () => {
    const seeded = await desk.inReview();
    expect(await desk.decide(seeded, 'pay-again')).toBe('rejected');
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ state: 'rejected', retryable: true });
    expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'retrying', attempt_no: 2 });
    // The limit of the rules has no say: what they make of the refusal comes too late.
    await rig.apply(rig.claim(seeded, 'failure'), rig.claim(seeded, 'review'));
    await rig.apply(rig.claim(seeded, 'retry', 2));
    expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'retrying', attempt_no: 2 });
    expect(await rig.record.rows('SELECT attempt_no, lane, published_at FROM retry')).toEqual([
      { attempt_no: 2, lane: 'a', published_at: null },
    ]);
    await expectSameLater(rig.record.dataSource, seeded.batchId);
    expect([...(await desk.claimNext(seeded)), ...(await desk.claimNext(seeded))]).toEqual([
      'claimed',
      'exists',
    ]);
    expect(await desk.history(seeded)).toMatchObject([
      { event: 'decided', reason: 'pay-again', actor: 'amina' },
      { event: 'retry', from_state: 'review', to_state: 'retrying', actor: 'amina' },
    ]);
  });

  it('rule L: "pay-again" goes to another lane where the operator names one that exists', async () => {
    const seeded = await desk.inReview();
    await expect(desk.decide(seeded, 'pay-again', {}, 'nowhere')).rejects.toMatchObject({
      code: 'err.request.bad',
    });
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ state: 'review', outcome_seq: 1 });
    await desk.decide(seeded, 'pay-again', {}, 'b');
    expect(await desk.claimNext(seeded, 'b')).toEqual(['claimed']);
  });

  it.each(['not-paid', 'pay-again'] as const)(
    'rules F and L: "%s" is refused before the window over every send has ended, and with an older statement',
    async (decision) => {
      const early = await desk.inReview(59_000);
      await expect(desk.decide(early, decision)).rejects.toMatchObject({ code: 'err.request.too_early' });
      const old = await desk.inReview(120_000);
      const statementAt = new Date(Date.now() - 61_000).toISOString();
      await expect(desk.decide(old, decision, { statementAt })).rejects.toMatchObject({
        code: 'err.request.too_early',
      });
      const ahead = new Date(Date.now() + 60_000).toISOString();
      await expect(desk.decide(early, decision, { statementAt: ahead })).rejects.toMatchObject({
        code: 'err.request.too_early',
      });
      const unknown = await desk.inReview(86_400_000, { lane: 'b' });
      await expect(desk.decide(unknown, decision)).rejects.toMatchObject({ code: 'err.request.too_early' });
      for (const { id } of [early, old, unknown]) {
        expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'review', outcome_seq: 1 });
        expect(await rig.record.stateOf(id)).toMatchObject({ state: 'review', attempt_no: 1 });
      }
      expect(await rig.record.rows('SELECT FROM history')).toEqual([]);
    },
  );

  it('rule L: what was never sent can be decided at once, also where no lane was chosen', async () => {
    const never = {
      lane: '',
      sends: 0,
      send_by: null,
      first_send_at: null,
      queued_at: new Date(Date.now() - 1000),
    };
    const [ended, again] = [await desk.inReview(0, never), await desk.inReview(0, never)];
    expect(await desk.decide(ended, 'not-paid')).toBe('rejected');
    await expect(desk.decide(again, 'pay-again')).rejects.toMatchObject({ code: 'err.request.bad' });
    expect(await desk.decide(again, 'pay-again', {}, 'a')).toBe('rejected');
    expect(await desk.claimNext(again)).toEqual(['claimed']);
  });

  it('rule L: a decision about what has changed since is refused and changes nothing', async () => {
    const seeded = await desk.inReview();
    await expect(desk.decide(seeded, 'paid', { outcomeSeq: 2 })).rejects.toMatchObject({
      code: 'err.request.stale',
    });
    await expect(desk.decide(seeded, 'pay-again', { outcomeSeq: 2 })).rejects.toMatchObject({
      code: 'err.request.stale',
    });
    // The rail answers after all.
    await rig.record.rows(
      `UPDATE attempt SET state = 'settled', outcome_seq = 2 WHERE disbursement_id = $1`,
      [seeded.id],
    );
    for (const decision of ['not-paid', 'pay-again'] as const)
      await expect(desk.decide(seeded, decision)).rejects.toMatchObject({
        code: 'err.request.stale',
        message: expect.stringContaining('settled (1.2)'),
      });
    await expect(desk.decide(seeded, 'not-paid', { outcomeSeq: 2 })).rejects.toMatchObject({
      code: 'err.request.stale',
    });
    expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ state: 'settled', outcome_seq: 2 });
    expect(await rig.record.stateOf(seeded.id)).toMatchObject({ state: 'review', attempt_no: 1 });
    await expect(desk.decide({ ...seeded, id: seeded.batchId }, 'paid')).rejects.toMatchObject({
      code: 'err.request.not_found',
    });
  });

  it.each([
    ['pay-again', 'pay-again'],
    ['pay-again', 'not-paid'],
    ['paid', 'pay-again'],
    ['paid', 'not-paid'],
  ] as const)('rule L: of two operators at once, "%s" and "%s", one wins', async (one, other) => {
    for (let round = 0; round < 5; round += 1) {
      const seeded = await desk.inReview();
      const results = await Promise.allSettled([
        desk.decide(seeded, one, { operatorId: 'amina' }),
        desk.decide(seeded, other, { operatorId: 'brian' }),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const refused = results.find((result) => result.status === 'rejected');
      expect(refused?.reason).toMatchObject({ code: 'err.request.stale' });
      expect(await rig.record.attemptRow(seeded.id)).toMatchObject({ outcome_seq: 2 });
      const decisions = (await desk.history(seeded)).filter((row) => row.event === 'decided');
      expect(decisions).toHaveLength(1);
    }
  });

  it('rule L: "pay-again" pays nobody where an earlier attempt settled meanwhile, and changes nothing', async () => {
    const seeded = await rig.record.disbursement({ state: 'review', attemptNo: 2 });
    await rig.record.attempt(seeded.id, 1, 'settled', { sends: 1, outcome_seq: 2 });
    const past = new Date(Date.now() - 120_000);
    const sent = { sends: 1, first_send_at: past, send_by: past, resolved_at: past, outcome_seq: 1 };
    await rig.record.attempt(seeded.id, 2, 'review', sent);
    await expect(desk.decide(seeded, 'pay-again', { attemptNo: 2 })).rejects.toMatchObject({
      code: 'err.request.too_late',
    });
    expect(await rig.record.attemptRow(seeded.id, 2)).toMatchObject({ state: 'review', outcome_seq: 1 });
    expect(await rig.record.rows('SELECT FROM retry')).toEqual([]);
    // And where the statement shows both paid, somebody must ask one back.
    expect(await desk.decide(seeded, 'paid', { attemptNo: 2 })).toBe('settled');
    expect(await rig.record.incidents(seeded.id)).toEqual([{ kind: 'possible_double', attempt_no: 2 }]);
  });

  it('shows every send with its time, what the rail said, and from when on "not paid" can be known', async () => {
    const [first, second] = [new Date('2026-11-24T08:00:00Z'), new Date('2026-11-24T08:05:00Z')];
    const seeded = await desk.inReview(0, {
      ...{ sends: 2, first_send_at: first, resent_at: [second], send_by: new Date('2026-11-24T08:05:30Z') },
      ...{ rail_reference: 'R-17', queries: 9, resolved_at: new Date(Date.now() - 90_000) },
    });
    const younger = await desk.inReview();
    const found = await readReviews(rig.record.dataSource, { limit: 10 });
    expect(found.map(({ disbursement_id }) => disbursement_id)).toEqual([seeded.id, younger.id]);
    expect(found[0]).toMatchObject({
      ...{ sent_at: ['2026-11-24T08:00:00.000000Z', '2026-11-24T08:05:00.000000Z'], queries: 9, seen: '1.1' },
      ...{ not_paid_from: '2026-11-24T08:06:30.000000Z', rail_reference: 'R-17', message: 'no answer' },
      ...{ amount: '75.00', currency_code: 'KES', lane: 'a', state: 'review', ...seeded.ids },
    });
    expect(found[0]!.age_seconds).toBeGreaterThanOrEqual(90);
    expect(found[1]!.sent_at).toHaveLength(1);
    await desk.decide(seeded, 'paid');
    expect(await readReviews(rig.record.dataSource, { limit: 10, disbursementId: seeded.id })).toEqual([]);
    expect(await readReviews(rig.record.dataSource, { limit: 10, senderId: 'nobody' })).toEqual([]);
  });
});

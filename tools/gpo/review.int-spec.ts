import { execFile } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiRig, type Json } from '../../apps/gateway/test/api.rig-spec.js';
import type { Seeded } from '../testing/record-rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
  await rig.record.rows(
    `INSERT INTO lane (lane, hosted) VALUES ('a', '{"absent_is_final_after_ms": 60000}')`,
  );
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop(), 30_000);

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** npm run gpo -- review ... as an operator types it. */
function gpo(...words: string[]): Promise<Ran> {
  const tokens = { GPO_TOKEN: 'auditor-token', GPO_OPERATOR_TOKEN: 'operator-token' };
  const env = { ...process.env, GATEWAY_URL: rig.urls[0]!, ...tokens };
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/tools/gpo/main.js', 'review', ...words], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

const json = ({ out }: Ran): Json[] => JSON.parse(out) as Json[];

async function inReview(agoMs = 120_000): Promise<Seeded> {
  const seeded = await rig.record.disbursement({ state: 'review' });
  const at = new Date(Date.now() - agoMs);
  const sent = { sends: 1, first_send_at: at, send_by: at, outcome_seq: 1, resolved_at: new Date() };
  await rig.record.attempt(seeded.id, 1, 'review', { ...sent, message: 'no trustworthy answer' });
  return seeded;
}

const WHY = ['--statement', 'statement 311', '--reason', 'seen in the bank portal'];

describe('npm run gpo -- review', () => {
  it('list and show say what is known, decide ends it as it was seen, under the name of the token', async () => {
    const { id } = await inReview();
    const [listed] = json(await gpo('list', '--json'));
    expect(listed).toMatchObject({
      disbursement_id: id,
      seen: '1.1',
      lane: 'a',
      message: 'no trustworthy answer',
    });
    const shown = await gpo('show', id);
    expect(shown.out).toContain('not_paid_from');
    expect(shown.out).toContain('sent_at');
    const ended = await gpo(
      'decide',
      id,
      'paid',
      '--seen',
      '1.1',
      ...WHY,
      '--rail-reference',
      'R-9',
      '--json',
    );
    expect(json(ended)).toEqual([
      { disbursement_id: id, attempt: 1, attempt_state: 'settled', decided_by: 'operator' },
    ]);
    expect(await rig.record.rows('SELECT event, actor, reason, message FROM history')).toEqual([
      {
        ...{ event: 'decided', actor: 'operator', reason: 'paid' },
        message: 'seen in the bank portal (statement 311)',
      },
    ]);
    expect(json(await gpo('list', '--json'))).toEqual([]);
    expect(await gpo('show', id)).toMatchObject({ code: 2 });
  }, 60_000);

  it('says in one sentence why a decision is refused: seen before a change, too early, words missing', async () => {
    const { id } = await inReview(10_000);
    const now = new Date().toISOString();
    const early = await gpo('decide', id, 'not-paid', '--seen', '1.1', ...WHY, '--statement-at', now);
    expect(early).toMatchObject({ code: 1, err: expect.stringContaining('err.request.too_early') });
    const stale = await gpo('decide', id, 'paid', '--seen', '1.0', ...WHY);
    expect(stale).toMatchObject({
      code: 1,
      err: expect.stringContaining('is review (1.1) now, not as you saw it'),
    });
    const untimed = await gpo('decide', id, 'not-paid', '--seen', '1.1', ...WHY);
    expect(untimed).toMatchObject({ code: 1, err: expect.stringContaining('statement_at must be') });
    expect(await gpo('decide', id, 'perhaps', '--seen', '1.1', ...WHY)).toMatchObject({ code: 1 });
    expect(await gpo('decide', id, 'paid', '--seen', '1', ...WHY)).toMatchObject({ code: 1 });
    expect(await gpo('decide', id, 'paid', '--seen', '1.1', '--reason', 'no statement')).toMatchObject({
      code: 64,
    });
    expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'review', outcome_seq: 1 });
  }, 60_000);

  it('only operators decide; a sender sees its own and nobody else those of others', async () => {
    const { id } = await inReview();
    const body = { decision: 'paid', seen: '1.1', statement: 'statement 311', reason: 'seen it' };
    const path = `/api/v1/operator/reviews/${id}/decide`;
    for (const headers of [{ 'X-API-Key': 'strict-dev-key' }, { Authorization: 'Bearer auditor-token' }])
      expect((await rig.post(path, body, headers)).status).toBe(403);
    const read = async (headers: Record<string, string>): Promise<[number, number]> => {
      const list = await fetch(`${rig.urls[0]!}/api/v1/reviews`, { headers });
      const one = await fetch(`${rig.urls[0]!}/api/v1/reviews/${id}`, { headers });
      return [((await list.json()) as { reviews: unknown[] }).reviews.length, one.status];
    };
    expect(await read({ 'X-API-Key': 'strict-dev-key' })).toEqual([1, 200]);
    expect(await read({ Authorization: `Basic ${btoa('openg2p:openg2p')}` })).toEqual([0, 404]);
    expect(await read({ Authorization: 'Bearer auditor-token' })).toEqual([1, 200]);
    expect(await rig.record.attemptRow(id)).toMatchObject({ state: 'review', outcome_seq: 1 });
    const metrics = await fetch(`${rig.urls[0]!}/metrics`);
    expect(await metrics.text()).toMatch(/^gpo_review 1$/m);
  });
});

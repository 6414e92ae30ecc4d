import { execFile } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, type Json } from '../../apps/gateway/test/api.rig-spec.js';

const HOSTED = {
  ...{ connector: 'gsma', absent_is_final_after_ms: 2000, concurrency: 4, per_second: 50, in_flight: 9 },
  ...{ batch_size: null, breaker_after: 20, window: null },
};

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
  await rig.record.rows(`INSERT INTO lane (lane, hosted) VALUES ('a', $1), ('b', NULL)`, [HOSTED]);
  const { id } = await rig.record.disbursement();
  await rig.record.attempt(id, 1, 'queued', { queued_at: new Date(Date.now() - 90_000) });
}, 60_000);
afterAll(() => rig.stop(), 30_000);

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** npm run gpo -- lane ... as an operator types it. */
function gpo(...words: string[]): Promise<Ran> {
  const tokens = { GPO_TOKEN: 'auditor-token', GPO_OPERATOR_TOKEN: 'operator-token' };
  const env = { ...process.env, GATEWAY_URL: rig.urls[0]!, ...tokens };
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/tools/gpo/main.js', 'lane', ...words], { env }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
    });
  });
}

const json = ({ out }: Ran): Json[] => JSON.parse(out) as Json[];

describe('npm run gpo -- lane', () => {
  it('list and explain say whether a lane pays, why, how many wait and since when, and its limits', async () => {
    const [a, b] = json(await gpo('list', '--json'));
    expect(a).toMatchObject({ lane: 'a', state: 'open', paying: true, queued: 1, sending: 0, review: 0 });
    expect(a).toMatchObject({ hosted: HOSTED });
    expect(b).toMatchObject({
      lane: 'b',
      paying: false,
      because: [expect.stringContaining('No process hosts it'), '0 wait.'],
    });
    const { out } = await gpo('explain', 'a');
    expect(out).toContain('Paying, at most 50 a second; 0 of 9 are on their way.');
    expect(out).toMatch(/1 wait, the oldest for 9\d seconds/);
    expect(await gpo('explain', 'nowhere')).toMatchObject({ code: 2 });
  }, 60_000);

  it('hold and resume stand in the record under the name of the token; the second time nothing changes', async () => {
    const words = ['--reason', 'books do not agree', '--json'];
    const [held] = json(await gpo('hold', 'a', ...words));
    expect(held).toMatchObject({ state: 'held', paying: false, changed_by: 'operator' });
    expect(json(await gpo('hold', 'a', '--reason', 'again', '--json'))[0]).toMatchObject({
      reason: 'books do not agree',
    });
    expect((await gpo('explain', 'a')).out).toContain('operator holds it since');
    expect(json(await gpo('resume', 'a', ...words))[0]).toMatchObject({
      state: 'open',
      reason: null,
      paying: true,
    });
    await rig.record.rows(
      `UPDATE lane SET state = 'stopped', reason = 'no_answer: x', silences = 20 WHERE lane = 'a'`,
    );
    expect(json(await gpo('resume', 'a', ...words))[0]).toMatchObject({ state: 'open', silences: 0 });
    expect(
      await rig.record.rows('SELECT lane, to_state, actor, reason FROM lane_event ORDER BY event_id'),
    ).toEqual(
      ['held', 'open', 'open'].map((to_state) => ({
        ...{ lane: 'a', to_state, actor: 'operator', reason: 'books do not agree' },
      })),
    );
  }, 60_000);

  it('only operators decide, and senders see no lanes', async () => {
    const sender = { 'X-API-Key': 'strict-dev-key' };
    for (const headers of [sender, { Authorization: 'Bearer auditor-token' }])
      expect((await rig.post('/api/v1/operator/lanes/a/hold', { reason: 'no right' }, headers)).status).toBe(
        403,
      );
    expect((await fetch(`${rig.urls[0]!}/api/v1/lanes`, { headers: sender })).status).toBe(403);
    expect((await fetch(`${rig.urls[0]!}/api/v1/lanes/a`, { headers: sender })).status).toBe(403);
    const operator = { Authorization: 'Bearer operator-token' };
    expect((await rig.post('/api/v1/operator/lanes/a/hold', {}, operator)).status).toBe(400);
    expect(
      (await rig.post('/api/v1/operator/lanes/nowhere/hold', { reason: 'why not' }, operator)).status,
    ).toBe(404);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';

describe('what operators and auditors read', () => {
  let rig: PathRig;
  const get = (path: string): Promise<Response> =>
    fetch(`${rig.gatewayUrl}${path}`, { headers: { Authorization: 'Bearer auditor-dev-key' } });

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  it('keyset pages hold every line once, and one disbursement tells its attempts and history', async () => {
    const lines = goodLines(25);
    await rig.post(message('paged', lines));
    const batch = await rig.settled('paged');
    const seen: { disbursement_id: string; reference_id: string }[] = [];
    for (let after: number | null = 0; after !== null;) {
      const page = (await (
        await get(`/api/v1/batches/${batch.batch_id}/disbursements?limit=10&after=${after}`)
      ).json()) as {
        disbursements: typeof seen;
        next: number | null;
      };
      expect(page.disbursements.length).toBeLessThanOrEqual(10);
      seen.push(...page.disbursements);
      after = page.next;
    }
    expect(seen.map(({ reference_id }) => reference_id).toSorted()).toEqual(
      lines.map(({ reference_id }) => reference_id).toSorted(),
    );
    const one = await get(`/api/v1/disbursements/${seen[0]!.disbursement_id}`);
    expect(await one.json()).toMatchObject({
      state: 'succeeded',
      attempts: [
        { attempt: 1, state: 'settled', scenario: 'request-check', scenario_version: expect.any(String) },
      ],
      history: [{ from_state: 'received', to_state: 'succeeded', scenario: 'response-routing' }],
    });
  }, 60_000);

  it('health, metrics, the API page and its description answer without credentials; the batch API does not', async () => {
    for (const path of ['/health/live', '/health/ready', '/metrics', '/docs', '/docs/openapi.json'])
      expect((await fetch(`${rig.gatewayUrl}${path}`)).status).toBe(200);
    expect((await fetch(`${rig.gatewayUrl}/api/v1/batches`)).status).toBe(401);
    const metrics = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
    expect(metrics).toContain('gpo_outcome_total{state="succeeded"} 25');
    expect(metrics).toContain('gpo_record_reachable 1');
  });

  it('no log line and no metric holds a payee, a name, an account or a secret', async () => {
    const canary = {
      payee_fa: 'phone:+254798765432@mpesa',
      payee_name: 'Canary Nightingale',
      note: 'canary-note',
    };
    const [line] = goodLines(1);
    await rig.post(
      message('canary', [
        { ...line, ...canary },
        { ...line, ...canary, reference_id: 'x', amount: '-1' },
      ]),
    );
    await rig.settled('canary');
    const metrics = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
    const logs = rig.logs();
    expect(logs.length).toBeGreaterThan(100);
    for (const secret of ['798765432', 'Nightingale', 'canary-note', 'gpo-dev-secret', 'strict-dev-key'])
      expect({ secret, found: logs.includes(secret) || metrics.includes(secret) }).toEqual({
        secret,
        found: false,
      });
  }, 60_000);

  it('says 503 and stores nothing while PostgreSQL is away, and goes on when it is back', async () => {
    await rig.record.without(async () => {
      await until(20_000, async () =>
        (await fetch(`${rig.gatewayUrl}/health/ready`)).status === 503 ? true : undefined,
      );
      const answer = await rig.post(message('away', goodLines(1)));
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
      expect((await fetch(`${rig.gatewayUrl}/metrics`)).status).toBe(200);
    });
    await until(20_000, async () =>
      (await rig.post(message('back', goodLines(3)))).status === 200 ? true : undefined,
    );
    expect((await rig.settled('back')).states.succeeded!.count).toBe(3);
  }, 90_000);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS } from '@gpo/messaging';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';
import { subjectProblem } from '../../../tools/testing/registry-reader-spec.js';

interface RuleErrorRow {
  scenario: string;
  node: string;
  message: string;
  source_key: string | null;
}

describe('a gateway whose rules a real Nussknacker runs', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop());

  async function metric(name: string): Promise<string[]> {
    const text = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
    return text.split('\n').filter((line) => line.startsWith(name));
  }

  it('serves the schemas of its topics without credentials, with ids that a restart does not change', async () => {
    for (const topic of [TOPICS.request, TOPICS.response, TOPICS.retry])
      expect(await subjectProblem(rig.gatewayUrl, `${rig.prefix}${topic.name}-value`)).toBeUndefined();
    await rig.apps.get('gateway')!.stop();
    await rig.relaunch('gateway');
    expect(await subjectProblem(rig.gatewayUrl, `${rig.prefix}${TOPICS.request.name}-value`)).toBeUndefined();
  }, 60_000);

  it('keeps and counts what Nussknacker reports on its error topic, once each, whatever the bytes', async () => {
    const key = randomUUID();
    const refused = {
      processName: 'request-check',
      nodeId: 'Request',
      message: '#/amount: expected String',
      inputEvent: {},
    };
    const failed = {
      ...refused,
      nodeId: 'Limits',
      message: 'null + 1',
      inputEvent: { input: {}, inputMeta: { key, topic: 'g2p.request', partition: 0, offset: 7 } },
      timestamp: Date.now(),
    };
    const producer = rig.kafka.producer();
    await producer.connect();
    await producer.send(TOPICS.nuErrors.name, [
      { key: null, value: JSON.stringify(refused) },
      { key: null, value: JSON.stringify(failed) },
      { key: null, value: 'not JSON' },
    ]);
    await producer.close();
    const rows = await until(40_000, async () => {
      const found = await rig.sql.query<RuleErrorRow>('SELECT * FROM rule_error ORDER BY record_offset');
      return found.rows.length >= 3 ? found.rows : undefined;
    });
    expect(rows.map((row) => [row.scenario, row.node, row.message, row.source_key])).toEqual([
      ['request-check', 'Request', '#/amount: expected String', null],
      ['request-check', 'Limits', 'null + 1', key],
      ['', '', 'the value is not JSON', null],
    ]);
    expect(await metric('gpo_rule_error_total')).toEqual([
      'gpo_rule_error_total{scenario="request-check"} 2',
      'gpo_rule_error_total{scenario=""} 1',
    ]);
    expect(await metric('gpo_alarm_total{kind="rule.failed"}')).toHaveLength(1);
  }, 60_000);

  it('a disbursement whose message Nussknacker dropped is published again and paid once', async () => {
    const [transactionId, lines] = [randomUUID(), goodLines(30)];
    // An engine that drops every message it gets: the router does not run, and its offset moves past the requests.
    await rig.apps.get('router')!.stop();
    await rig.post(message(transactionId, lines));
    await until(20_000, async () => {
      const { rows } = await rig.sql.query('SELECT 1 FROM dispatch_range WHERE published_at IS NULL');
      return rows.length === 0 ? true : undefined;
    });
    await rig.kafka.withAdmin(async (admin) => {
      const topic = `${rig.prefix}${TOPICS.request.name}`;
      const ends = await rig.kafka.offsets(TOPICS.request.name);
      expect(ends.reduce((sum, { high }) => sum + Number(high), 0)).toBe(30);
      const partitions = ends.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.setOffsets({ groupId: `${rig.prefix}gpo-router`, topic, partitions });
    });
    await rig.relaunch('router');
    const batch = await rig.settled(transactionId, 90_000);
    expect(batch.states.succeeded!.count).toBe(30);
    const { payments, double_payments } = await rig.journal();
    expect({ payments, double_payments }).toEqual({ payments: 30, double_payments: 0 });
    const { rows } = await rig.sql.query<{ marked: number }>(
      'SELECT count(*)::int AS marked FROM watchdog_mark',
    );
    expect(rows[0]!.marked).toBe(30);
  }, 120_000);
});

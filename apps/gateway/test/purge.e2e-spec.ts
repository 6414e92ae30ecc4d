import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { physicalName } from '@gpo/messaging';
import { letterAbout } from '../../../tools/testing/kafka-rig-spec.js';
import { PathRig, goodLines, message } from '../../../tools/testing/path-rig-spec.js';
import { completed, line, writeDirect } from './direct-rig-spec.js';
import { csvForm, row } from './file.rig-spec.js';

const DAY_MS = 86_400_000;
const day = (ago: number): string => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10);

describe('after batches were paid and purged', () => {
  let rig: PathRig;
  const [transactionId, direct] = [randomUUID(), randomUUID()];
  const [lines, directLines] = [goodLines(30), [line(), line()]];
  let payments = 0;

  beforeAll(async () => {
    rig = await PathRig.start();
    await rig.post(message(transactionId, lines));
    await writeDirect(rig, direct, directLines);
    await rig.settled(transactionId);
    await completed(rig, direct, directLines.length);
    ({ payments } = await rig.journal());
    await rig.sql.query(`UPDATE batch SET completed_at = now() - interval '100 days'`);
  }, 120_000);
  afterAll(() => rig.stop(), 60_000);

  function gpo(...words: string[]): Promise<{ code: number; out: string; err: string }> {
    const kafka = { KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!, KAFKA_TOPIC_PREFIX: rig.prefix };
    const env = { ...process.env, ...kafka, DATABASE_URL: rig.record.url, GATEWAY_URL: rig.gatewayUrl };
    return new Promise((resolve) => {
      execFile(process.execPath, ['dist/tools/gpo/main.js', ...words], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  }

  const purge = (...words: string[]): Promise<{ code: number; out: string; err: string }> =>
    gpo('batch', 'purge', '--by', 'the treasury', '--reason', 'kept long enough', '--json', ...words);

  it('only what ended long ago is purged, and says so; the audit chain stays intact', async () => {
    expect(await purge('--before', day(89), '--unclosed')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/at least 90 days ago/),
    });
    expect(JSON.parse((await purge('--before', day(95))).out)).toEqual([]);
    const would = JSON.parse((await purge('--before', day(95), '--unclosed', '--dry-run')).out) as object[];
    expect(would).toHaveLength(2);
    const { out } = await purge('--before', day(95), '--unclosed');
    expect(JSON.parse(out)).toMatchObject([{ purged: 'yes' }, { purged: 'yes' }]);
    const { rows } = await rig.sql.query('SELECT FROM disbursement');
    expect(rows).toEqual([]);
    expect(await gpo('audit', 'verify')).toMatchObject({ code: 0 });
    const batch = await rig.client.batch(transactionId);
    expect(batch).toMatchObject({ total_count: 30, purged_at: expect.stringMatching(/Z$/) });
  }, 120_000);

  it.each<[string, () => Promise<Response>]>([
    ['the same message', () => rig.post(message(transactionId, lines))],
    ['a message with one more line', () => rig.post(message(transactionId, [...lines, ...goodLines(1)]))],
    [
      'a file',
      () =>
        fetch(`${rig.gatewayUrl}/disburse`, {
          method: 'POST',
          headers: { Authorization: `Basic ${btoa('openg2p:openg2p')}` },
          body: csvForm(transactionId, [row('a')]),
        }),
    ],
  ])('%s for its transaction is refused, and stores nothing', async (_what, send) => {
    const answer = await send();
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('err.transaction.purged');
  });

  it('its own records on Kafka, written again or read again from the beginning, end as dead letters and pay nobody', async () => {
    await writeDirect(rig, direct, [directLines[0]!]);
    await letterAbout(rig, directLines[0]!.reference_id, 'record.purged');
    const groups = ['gpo-gateway', 'gpo-router', 'gpo-connectors'].map((group) =>
      physicalName(rig.prefix, group),
    );
    for (const name of ['gateway', 'router', 'connectors']) await rig.apps.get(name)!.stop();
    await rig.kafka.withAdmin(async (admin) => {
      for (const groupId of groups)
        for (const { topic } of await admin.fetchOffsets({ groupId }))
          await admin.resetOffsets({ groupId, topic, earliest: true });
    });
    for (const name of ['gateway', 'router', 'connectors']) await rig.relaunch(name);
    for (const { reference_id: reference } of [lines[0]!, lines[29]!])
      await letterAbout(rig, reference, 'record.unknown_disbursement');
    const { payments: paid, double_payments } = await rig.journal();
    expect({ paid, double_payments }).toEqual({ paid: payments, double_payments: 0 });
    expect((await rig.sql.query('SELECT FROM disbursement')).rows).toEqual([]);
    expect((await rig.sql.query('SELECT FROM attempt')).rows).toEqual([]);
  }, 120_000);
});

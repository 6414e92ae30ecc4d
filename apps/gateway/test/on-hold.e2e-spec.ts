import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchId } from '@gpo/g2p-connect-schemas';
import { TOPICS, physicalName } from '@gpo/messaging';
import { PathRig, message, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { ROUTER, expectBooksAgree, gpo, idOf, line, untilState } from './on-hold-rig-spec.js';

const PAYER = 'account_no:1@TREASURY';

describe('amounts over a limit wait for an operator (nussknacker/examples/on-hold)', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start({ env: { router: ROUTER } });
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function produce(topic: string, ...values: Record<string, unknown>[]): Promise<void> {
    const producer = rig.kafka.producer();
    await producer.connect();
    await producer.send(
      topic,
      values.map((value) => ({ key: 'test', value: JSON.stringify(value) })),
    );
    await producer.close();
  }

  const filtered = (transactionId: string, one: TestLine): Record<string, unknown> => ({
    sender_id: 'openg2p',
    transaction_id: transactionId,
    batch_id: batchId('openg2p', transactionId),
    disbursement_id: idOf(transactionId, one),
    payer_fa: PAYER,
    ...one,
    lane: 'core-banking',
    attempt: 1,
  });

  it('held lines move no money, also not by a forged request; released ones are paid once, cancelled ones never; all are told', async () => {
    const transactionId = randomUUID();
    const [paid, released, cancelled] = [line('100000.00'), line('100000.01'), line('250000.00')];
    await rig.post(message(transactionId, [paid, released, cancelled]));
    await untilState(rig, transactionId, 'on_hold', 2);
    await untilState(rig, transactionId, 'succeeded', 1);
    const { json: held } = await gpo(rig, 'hold', 'list');
    expect(held.map(({ reference_id, reason, lane }) => ({ reference_id, reason, lane }))).toEqual(
      expect.arrayContaining([
        {
          reference_id: released.reference_id,
          reason: 'More than 100000 KES to one payee',
          lane: 'core-banking',
        },
        expect.objectContaining({ reference_id: cancelled.reference_id }),
      ]),
    );
    const metrics = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
    expect(metrics).toMatch(/^gpo_on_hold 2$/m);
    expect(metrics).toMatch(/^gpo_outcome_total\{state="on_hold"\} 2$/m);

    // Whoever may write to g2p.filtered-requests still cannot have it paid while it is on hold.
    await produce(
      TOPICS.filteredRequests.name,
      filtered(transactionId, released),
      filtered(transactionId, cancelled),
    );
    // Longer than parking and the watchdog's patience: held rows are not its business.
    await sleep(10_000);
    expect((await rig.journal()).payments).toBe(1);
    expect((await rig.client.batch(transactionId)).states.on_hold!.count).toBe(2);
    const { rows } = await rig.sql.query('SELECT * FROM watchdog_mark');
    expect(rows).toEqual([]);

    const [releaseId, cancelId] = [idOf(transactionId, released), idOf(transactionId, cancelled)];
    expect(await gpo(rig, 'hold', 'release', releaseId, '--reason', 'seen the farm register')).toMatchObject({
      code: 0,
      json: [{ disbursement_id: releaseId, state: 'received', decided_by: 'operator' }],
    });
    expect(await gpo(rig, 'hold', 'cancel', cancelId, '--reason', 'entered twice')).toMatchObject({
      code: 0,
    });
    const batch = await rig.settled(transactionId);
    expect(batch.states).toMatchObject({ succeeded: { count: 2 }, cancelled: { count: 1 } });
    expect(batch.completed_at).not.toBeNull();
    expect((await rig.journal()).payments).toBe(2);
    const told = rig.receiver.linesOf(transactionId);
    expect([paid, released, cancelled].map(({ reference_id }) => told.get(reference_id)?.join())).toEqual([
      'succ',
      'succ',
      'rjct',
    ]);

    const { json: shown } = await gpo(rig, 'hold', 'show', releaseId);
    expect(shown[0]).toMatchObject({
      state: 'succeeded',
      hold: { lane: 'core-banking', reason: 'More than 100000 KES to one payee' },
      history: [
        { event: 'hold', to_state: 'on_hold', actor: null },
        { event: 'release', to_state: 'received', actor: 'operator', message: 'seen the farm register' },
        { event: 'settled', to_state: 'succeeded' },
      ],
    });
    for (const verb of ['release', 'cancel']) {
      const late = await gpo(rig, 'hold', verb, releaseId, '--reason', 'once more');
      expect(late.code).toBe(1);
      expect(late.error).toMatch(/succeeded already.*err\.request\.too_late/);
    }
    expect((await gpo(rig, 'hold', 'release', randomUUID(), '--reason', 'nobody')).code).toBe(2);
    await expectBooksAgree(rig);
  }, 120_000);

  it('replaying g2p.request and g2p.on-hold after the decisions holds, pays and changes nothing again', async () => {
    const before = await rig.sql.query(
      `SELECT d.disbursement_id, d.state, h.ended_at, a.state AS attempt FROM disbursement d
         LEFT JOIN hold h USING (disbursement_id) LEFT JOIN attempt a USING (disbursement_id) ORDER BY 1`,
    );
    const paid = (await rig.journal()).payments;
    const groups = ['gpo-gateway', 'gpo-router', 'gpo-connectors'].map((group) =>
      physicalName(rig.prefix, group),
    );
    for (const name of ['gateway', 'router', 'connectors']) await rig.apps.get(name)!.stop();
    await rig.kafka.withAdmin(async (admin) => {
      for (const groupId of groups) {
        for (const { topic } of await admin.fetchOffsets({ groupId }))
          await admin.resetOffsets({ groupId, topic, earliest: true });
      }
    });
    for (const name of ['gateway', 'router', 'connectors']) await rig.relaunch(name);
    await sleep(8000);
    const after = await rig.sql.query(
      `SELECT d.disbursement_id, d.state, h.ended_at, a.state AS attempt FROM disbursement d
         LEFT JOIN hold h USING (disbursement_id) LEFT JOIN attempt a USING (disbursement_id) ORDER BY 1`,
    );
    expect(after.rows).toEqual(before.rows);
    expect((await rig.journal()).payments).toBe(paid);
  }, 120_000);

  it('a released request whose record got lost is published again from the row, and not held a second time', async () => {
    const [transactionId, lost] = [randomUUID(), line('300000.00')];
    await rig.post(message(transactionId, [lost]));
    await untilState(rig, transactionId, 'on_hold', 1);
    // As if the record had been published, and then lost with its topic.
    await rig.sql.query(
      `CREATE FUNCTION lose_release() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN IF NEW.released_at IS NOT NULL THEN NEW.published_at = now(); END IF; RETURN NEW; END $$`,
    );
    await rig.sql.query(
      'CREATE TRIGGER lose_release BEFORE UPDATE ON hold FOR EACH ROW EXECUTE FUNCTION lose_release()',
    );
    const id = idOf(transactionId, lost);
    expect((await gpo(rig, 'hold', 'release', id, '--reason', 'the record gets lost')).code).toBe(0);
    const batch = await rig.settled(transactionId, 60_000);
    expect(batch.states.succeeded!.count).toBe(1);
    const marks = await rig.sql.query('SELECT times FROM watchdog_mark WHERE disbursement_id = $1', [id]);
    expect(marks.rows).toEqual([{ times: 1 }]);
    const holds = await rig.sql.query(
      `SELECT event FROM history WHERE disbursement_id = $1 AND event = 'hold'`,
      [id],
    );
    expect(holds.rows).toHaveLength(1);
  }, 90_000);

  it('only an operator decides, with a reason; an auditor and a sender read what they may', async () => {
    const id = randomUUID();
    const call = (authorization: string, body: string): Promise<Response> =>
      fetch(`${rig.gatewayUrl}/api/v1/operator/disbursements/${id}/release`, {
        method: 'POST',
        headers: { Authorization: authorization, 'Content-Type': 'application/json' },
        body,
      });
    const [operator, auditor] = ['Bearer operator-dev-key', 'Bearer auditor-dev-key'];
    const basic = `Basic ${btoa('openg2p:openg2p')}`;
    const reason = '{"reason":"because"}';
    expect((await call('', reason)).status).toBe(401);
    expect((await call(auditor, reason)).status).toBe(403);
    expect((await call(basic, reason)).status).toBe(403);
    for (const body of ['', '{}', 'x', '{"reason":"  "}', '{"reason":"a\\nb"}', '{"reason":7}', 'null'])
      expect((await call(operator, body)).status).toBe(400);
    expect((await call(operator, reason)).status).toBe(404);
    for (const authorization of [operator, auditor, basic]) {
      const answer = await fetch(`${rig.gatewayUrl}/api/v1/holds`, {
        headers: { Authorization: authorization },
      });
      expect(answer.status).toBe(200);
    }
    const post = await rig.post(message(randomUUID(), [line('1.00')]), '/disburse', {
      Authorization: operator,
    });
    expect(post.status).toBe(403);
  });
});

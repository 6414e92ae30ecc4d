import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, until } from '../../../tools/testing/path-rig-spec.js';
import { TestReceiver, type Heard } from '../../../tools/testing/test-receiver-spec.js';

type Json = Record<string, unknown>;

const STRICT = { Authorization: '', 'X-API-Key': 'strict-dev-key' };

let rig: PathRig;
let receiver: TestReceiver;

beforeAll(async () => {
  receiver = await TestReceiver.start();
  rig = await PathRig.start({ env: { gateway: { CALLBACK_TIMEOUT_MS: '1500' } } });
}, 90_000);
afterAll(async () => {
  await rig.stop();
  await receiver.stop();
}, 60_000);

function message(content: Json, action: string, count: number): Json {
  const header = {
    version: '1.0.0',
    message_id: randomUUID(),
    message_ts: new Date().toISOString(),
    action,
    sender_id: 'strict.example.org',
    sender_uri: receiver.url('/g2p'),
    total_count: count,
  };
  return { header, message: { transaction_id: randomUUID(), ...content } };
}

async function ack(path: string, body: Json): Promise<string> {
  const answer = await rig.post(body, path, STRICT);
  const { message: told } = (await answer.json()) as {
    message: { ack_status: string; correlation_id: string };
  };
  expect([answer.status, told.ack_status]).toEqual([200, 'ACK']);
  return told.correlation_id;
}

const answersTo = (correlationId: string): Heard[] =>
  receiver.heard.filter(({ message: { correlation_id } }) => correlation_id === correlationId);

async function answered(correlationId: string): Promise<Heard[]> {
  return until(60_000, async () => {
    const { rows } = await rig.sql.query(
      'SELECT FROM callback WHERE question_id = $1 AND delivered_at IS NOT NULL',
      [correlationId],
    );
    return rows.length === 1 ? answersTo(correlationId) : undefined;
  });
}

describe('a strict sender asks asynchronously', () => {
  it.each(['callback.before-answer', 'callback.before-send', 'callback.after-send'])(
    'search and status are each answered with one message although the gateway is killed after the Acks, at %s',
    async (point) => {
      const [transaction, lines] = [randomUUID(), goodLines(3)];
      lines[0]!.payee_fa = `phone:+2547${String(Math.random()).slice(2, 10)}@mpesa`;
      await ack('/disburse', message({ transaction_id: transaction, disbursements: lines }, 'disburse', 3));
      await rig.settled(transaction);
      await rig.relaunch('gateway', { GPO_CRASH_POINT: point });
      const first = rig.apps.get('gateway')!.pid;
      const criterion = {
        reference_id: 'c-1',
        request_type: 'disburse',
        attribute_type: 'payee_fa',
        attribute_value: lines[0]!.payee_fa,
      };
      const search = message({ search_criteria: [criterion] }, 'search', 1);
      const asked = {
        reference_id: 'q-1',
        txn_type: 'disburse',
        attribute_type: 'transaction_id',
        attribute_value: transaction,
      };
      const status = message({ txnstatus_request: asked }, 'on-disburse', 1);
      // The process dies as soon as it works on the first answer, so the second Ack may need a second call: same Ack, same question.
      const searched = await until(30_000, () => ack('/disburse/search', search));
      const statusAsked = await until(30_000, () => ack('/disburse/txn/status', status));
      await until(30_000, () => Promise.resolve(rig.apps.get('gateway')!.pid === first ? undefined : true));
      const found = await answered(searched);
      const told = await answered(statusAsked);
      for (const same of [found, told]) {
        expect(new Set(same.map(({ text }) => text)).size).toBe(1);
        // After the bytes left, nobody can know whether they arrived: the same message may come once more.
        expect(same.length).toBeLessThanOrEqual(point === 'callback.after-send' ? 2 : 1);
      }
      expect(found[0]).toMatchObject({
        path: '/g2p/on-search',
        header: { action: 'on-search' },
        message: { disbursements_status: [{ reference_id: lines[0]!.reference_id, status: 'succ' }] },
      });
      expect(told[0]).toMatchObject({
        path: '/g2p/txn/on-status',
        header: { action: 'on-disburse', total_count: 3, completed_count: 3 },
      });
      // The batch itself was told line by line, and nothing more follows.
      const batch = receiver
        .at('/on-disburse')
        .filter(({ message: { transaction_id: id } }) => id === transaction);
      const references = batch.flatMap(({ message: content }) => content.disbursements_status as Json[]);
      expect(references.map(({ reference_id }) => reference_id).toSorted()).toEqual(
        lines.map(({ reference_id }) => reference_id).toSorted(),
      );
      const { rows } = await rig.sql.query('SELECT FROM callback WHERE next_at IS NOT NULL');
      expect(rows).toHaveLength(0);
    },
    150_000,
  );
});

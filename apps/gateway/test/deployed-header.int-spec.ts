import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, disburse, line, question, type Answer, type Json } from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

/** The header of generation 1: nothing of it says who sends, or where callbacks could go. */
const DEPLOYED: Json = {
  version: undefined,
  is_msg_encrypted: undefined,
  message_ts: '2026-11-22 05:54:59.850324',
  sender_id: 'payments.openg2p.org',
  receiver_id: 'pymts.example.org',
};

const PLACEHOLDER =
  'Signature: namespace="g2p", kidId="{sender_id}|{unique_key_id}|{algorithm}", algorithm="ed25519", created="1606970629';

function deployed(lines: readonly unknown[], header: Json = {}): Json & { transaction: string } {
  const transaction = randomUUID();
  return { ...disburse(transaction, lines, { ...DEPLOYED, ...header }), transaction };
}

const ackStatus = ({ status, body }: Answer): unknown[] => [status, body.message.ack_status];
const refusal = ({ status, body }: Answer): unknown[] => [status, body.message.error?.code];

async function stored(transaction: string): Promise<Json | undefined> {
  const [row] = await rig.record.rows<Json>(
    `SELECT sender_id, callback_url, total_count FROM batch WHERE transaction_id = $1`,
    [transaction],
  );
  return row;
}

describe('headers of deployed clients, row by row', () => {
  it.each([PLACEHOLDER, 'string', '', null])(
    '2.2 signature: a placeholder cannot be verified and counts as none (%#)',
    async (signature) => {
      const body = { ...deployed([line()]), signature };
      expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
      const sync = await rig.openg2p('/disburse/sync/disburse', body);
      expect(sync.text).not.toContain('kidId');
    },
  );

  it('2.2 message_id: the constant "123" names no message: every batch under it is stored', async () => {
    const batches = [deployed([line()], { message_id: '123' }), deployed([line()], { message_id: '123' })];
    for (const batch of batches) {
      expect(ackStatus(await rig.openg2p('/disburse', batch))).toEqual([200, 'ACK']);
      expect(await stored(batch.transaction)).toMatchObject({ total_count: 1 });
    }
  });

  it.each(['', '2026-11-22 05:54:59.850324', 'string'])(
    '2.2 message_ts: %j costs a deployed client nothing, and a strict one its message',
    async (message_ts) => {
      const body = deployed([line()], { message_ts });
      expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
      const strict = disburse(randomUUID(), [line()], { message_ts });
      expect(refusal(await rig.strict('/disburse', strict))).toEqual([400, 'rjct.message_ts.invalid']);
    },
  );

  it('2.2 action: "search" on /disburse pays, and "disburse" on a status call asks', async () => {
    const sent = line();
    const body = deployed([sent], { action: 'search' });
    expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
    const asked = question('reference_id_list', [sent.reference_id], { ...DEPLOYED, action: 'disburse' });
    const answer = await rig.openg2p('/disburse/txn/status', asked);
    expect(answer.body.message.txnstatus_response.txn_status).toMatchObject([
      { reference_id: sent.reference_id, status: 'pdng' },
    ]);
    expect(await stored('q')).toBeUndefined();
  });

  it('2.2 sender_id, receiver_id: who sends is told by the credential alone, whatever every deployment calls itself', async () => {
    for (const sender_id of ['payments.openg2p.org', 'strict.example.org', 'string', '']) {
      const body = deployed([line()], { sender_id, receiver_id: 'somebody.else.org' });
      expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
      expect(await stored(body.transaction)).toMatchObject({ sender_id: 'openg2p' });
    }
    const strict = deployed([line()], { message_ts: '2026-11-22T05:54:59Z' });
    expect(refusal(await rig.strict('/disburse', strict))).toEqual([400, 'err.sender_id.invalid']);
    expect(await stored(strict.transaction)).toBeUndefined();
  });

  it.each([undefined, 'https://spp.example.org/{namespace}/callback/on-search', 'string', ''])(
    '2.2 sender_uri: %j is nobody to call, so the registered address is called',
    async (sender_uri) => {
      const body = deployed([line()], { sender_uri });
      expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
      const { callback_url } = (await stored(body.transaction))!;
      expect(callback_url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/on-disburse$/);
    },
  );

  it.each([21_800, 0, 3])('2.2 total_count: %d for two lines is a batch of two', async (total_count) => {
    const body = deployed([line(), line()], { total_count });
    expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
    expect(await stored(body.transaction)).toMatchObject({ total_count: 2 });
  });

  it.each<[Json]>([
    [{}],
    [{ version: '1.0.0', is_msg_encrypted: false, meta: {} }],
    [{ version: 'string', meta: 'string' }],
  ])('2.2 version, is_msg_encrypted, meta: absent, present or placeholders (%#)', async (header) => {
    const body = deployed([line()], header);
    expect(ackStatus(await rig.openg2p('/disburse', body))).toEqual([200, 'ACK']);
  });

  it('2.2 transaction_id: a status call under an id that nobody knows is answered, never 404', async () => {
    const sent = line();
    await rig.openg2p('/disburse', deployed([sent]));
    const asked = question('reference_id_list', [sent.reference_id], DEPLOYED) as { message: Json };
    for (const transaction_id of [randomUUID(), randomUUID(), '']) {
      asked.message.transaction_id = transaction_id;
      const answer = await rig.openg2p('/disburse/txn/status', asked);
      expect(answer.status).toBe(200);
      expect(answer.body.message.txnstatus_response.txn_status).toMatchObject([
        { reference_id: sent.reference_id },
      ]);
      if (transaction_id !== '') expect(answer.body.message.transaction_id).toBe(transaction_id);
    }
  });
});

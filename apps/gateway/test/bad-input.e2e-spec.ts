import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, message } from '../../../tools/testing/path-rig-spec.js';

describe('bad input over REST', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start({ env: { gateway: { BODY_BYTES_MAX: '200000' } } });
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  const strict = { Authorization: '', 'X-API-Key': 'strict-dev-key' };
  const header = {
    message_id: 'm-1',
    message_ts: '2026-11-24T08:00:00Z',
    action: 'disburse',
    sender_id: 'strict.example.org',
    total_count: 1,
  };
  const body = (change: Record<string, unknown> = {}): unknown => ({
    header: { ...header, ...change },
    message: { transaction_id: randomUUID(), disbursements: goodLines(1) },
  });

  async function batches(): Promise<number> {
    const { rows } = await rig.sql.query<{ count: string }>('SELECT count(*) FROM batch');
    return Number(rows[0]!.count);
  }

  it.each<[string, () => Promise<Response>, number, string]>([
    [
      'no credentials',
      () => rig.post(body(), '/disburse', { Authorization: '' }),
      401,
      'err.request.unauthorized',
    ],
    [
      'a wrong password',
      () => rig.post(body(), '/disburse', { Authorization: `Basic ${btoa('openg2p:no')}` }),
      401,
      'err.request.unauthorized',
    ],
    [
      'an auditor who writes',
      () => rig.post(body(), '/disburse', { Authorization: 'Bearer auditor-dev-key' }),
      403,
      'err.request.forbidden',
    ],
    ['no JSON', () => rig.post('{"message":'), 400, 'err.request.bad'],
    ['an empty body', () => rig.post(''), 400, 'err.request.bad'],
    ['a list', () => rig.post('[]'), 400, 'err.request.bad'],
    [
      'another content type',
      () => rig.post('a=b', '/disburse', { 'Content-Type': 'text/csv' }),
      415,
      'err.request.unsupported_media_type',
    ],
    [
      'a body over the limit',
      () => rig.post(message(randomUUID(), goodLines(3000))),
      413,
      'err.request.too_large',
    ],
    [
      'no transaction_id',
      () => rig.post({ message: { disbursements: goodLines(1) } }),
      400,
      'err.request.bad',
    ],
    ['no disbursements', () => rig.post({ message: { transaction_id: 't' } }), 400, 'err.request.bad'],
    [
      'NUL in a text',
      () => rig.post('{"message":{"transaction_id":"a\\u0000b","disbursements":[{}]}}'),
      400,
      'err.request.bad',
    ],
    ['strict without header', () => rig.post({ message: {} }, '/disburse', strict), 400, 'err.request.bad'],
    [
      'strict with a naive time',
      () => rig.post(body({ message_ts: '2026-11-24 08:00:00' }), '/disburse', strict),
      400,
      'rjct.message_ts.invalid',
    ],
    [
      'strict with a wrong count',
      () => rig.post(body({ total_count: 2 }), '/disburse', strict),
      400,
      'rjct.total_count.invalid',
    ],
    [
      'strict with a foreign name',
      () => rig.post(body({ sender_id: 'other' }), '/disburse', strict),
      400,
      'err.sender_id.invalid',
    ],
    [
      'strict with another action',
      () => rig.post(body({ action: 'search' }), '/disburse', strict),
      400,
      'rjct.action.invalid',
    ],
    [
      'strict asking for status asynchronously, with no JSON',
      () => rig.post('{', '/disburse/txn/status', strict),
      400,
      'err.request.bad',
    ],
    [
      'a packed body',
      () => rig.post(body(), '/disburse', { ...strict, 'Content-Encoding': 'gzip' }),
      415,
      'err.request.unsupported_media_type',
    ],
    ['an unknown path', () => rig.post(body(), '/disburse/nothing'), 404, 'err.request.not_found'],
  ])('%s is refused in both error shapes, and nothing is stored', async (_what, send, status, code) => {
    const before = await batches();
    const answer = await send();
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({
      message: { ack_status: 'ERR', error: { code } },
      errors: [{ code }],
    });
    expect(await batches()).toBe(before);
  });

  it('a strict sender that asks for status asynchronously gets NACK with a hint, and its answer by the sync form', async () => {
    const question = {
      header: { ...header, action: 'on-disburse' },
      message: {
        transaction_id: 'q',
        txnstatus_request: {
          reference_id: 'q',
          txn_type: 'disburse',
          attribute_type: 'transaction_id',
          attribute_value: 'nobody-knows-it',
        },
      },
    };
    const nack = await rig.post(question, '/disburse/txn/status', strict);
    expect([nack.status, await nack.json()]).toMatchObject([
      200,
      {
        message: {
          ack_status: 'NACK',
          error: { message: expect.stringContaining('/disburse/sync/txn/status') },
        },
      },
    ]);
    const sync = await rig.post(question, '/disburse/sync/txn/status', strict);
    expect(sync.status).toBe(200);
  });

  it('a bad line in a good batch ends malformed with its reason, repeated and nameless lines too; the others are paid', async () => {
    const [first, second, third] = goodLines(3) as [
      object & { reference_id: string },
      object & { reference_id: string },
      object,
    ];
    const transactionId = randomUUID();
    const lines = [
      first,
      { ...second, amount: '1.005' },
      third,
      { ...first, amount: '5.00' },
      { ...third, reference_id: '' },
      'text',
    ];
    expect((await rig.post(message(transactionId, lines))).status).toBe(200);
    const batch = await rig.settled(transactionId);
    expect(batch.states.succeeded!.count).toBe(2);
    expect(batch.states.malformed!.count).toBe(4);
    const told = rig.receiver.linesOf(transactionId);
    expect(told.get(second.reference_id)).toEqual(['rjct']);
    expect(told.get(first.reference_id)!.toSorted()).toEqual(['rjct', 'succ']);
    expect(rig.receiver.statusOf(transactionId)).toBe('succ');
  }, 60_000);

  it('the same batch again gets the same correlation id and pays nobody again; other money under a known reference is refused in that answer only', async () => {
    const [transactionId, lines] = [randomUUID(), goodLines(20)];
    const ack = async (): Promise<string> => {
      const answer = await rig.post(message(transactionId, lines));
      return ((await answer.json()) as { message: { correlation_id: string } }).message.correlation_id;
    };
    const [one, two] = await Promise.all([ack(), ack()]);
    expect(one).toBe(two);
    await rig.settled(transactionId);
    const { payments } = await rig.journal();
    expect(await ack()).toBe(one);
    const changed = [{ ...lines[0]!, amount: '999.00' }];
    const answer = await rig.post(message(transactionId, changed), '/disburse/sync/disburse');
    const { message: told } = (await answer.json()) as {
      message: { disbursements_status: Record<string, string>[] };
    };
    expect(told.disbursements_status[0]).toMatchObject({
      status: 'rjct',
      status_reason_code: 'rjct.reference_id.duplicate',
    });
    const batch = await rig.settled(transactionId);
    expect(batch.total_count).toBe(20);
    expect(batch.states.succeeded!.count).toBe(20);
    expect((await rig.journal()).payments).toBe(payments);
  }, 60_000);

  it('a foreign batch and a missing one look the same', async () => {
    const [transactionId, lines] = [randomUUID(), goodLines(1)];
    await rig.post(message(transactionId, lines));
    const { batch_id } = await rig.client.batch(transactionId);
    const ask = async (id: string): Promise<unknown> => {
      const answer = await fetch(`${rig.gatewayUrl}/api/v1/batches/${id}`, {
        headers: { 'X-API-Key': 'strict-dev-key' },
      });
      const { errors } = (await answer.json()) as { errors: unknown };
      return { status: answer.status, errors };
    };
    expect(await ask(batch_id)).toEqual(await ask(randomUUID()));
  });
});

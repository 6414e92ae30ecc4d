import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, criteria, disburse, line, question, type Answer, type Json } from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
  rig.forgetCallbackUrl('strict');
}, 60_000);
afterAll(() => rig.stop(), 30_000);

const code = ({ status, body }: Answer): unknown[] => [status, body.message.error?.code];
const JSON_TYPE = { 'X-API-Key': 'strict-dev-key' };

describe('asynchronous questions of a strict sender whose address nobody knows', () => {
  it.each([
    ['/disburse/txn/status', question('transaction_id', 'x'), '/disburse/sync/txn/status'],
    ['/disburse/search', criteria('payee_fa', 'phone:1@x'), '/disburse/sync/search'],
  ])('%s is read and checked, then NACK names the path that answers at once', async (path, good, sync) => {
    const { status, body } = await rig.strict(path, good);
    expect([status, body.message.ack_status]).toEqual([200, 'NACK']);
    expect(body.message.error!.message).toContain(sync);
    expect(code(await rig.strict(path, '{"header":'))).toEqual([400, 'err.request.bad']);
    expect(code(await rig.strict(path, { ...good, message: {} }))).toEqual([400, 'err.request.bad']);
    const foreign = { ...good, header: { ...(good.header as Json), sender_id: 'other' } };
    expect(code(await rig.strict(path, foreign))).toEqual([400, 'err.sender_id.invalid']);
  });
});

describe('bodies that readers differ about', () => {
  const good = JSON.stringify(disburse('t-1', [line()]));
  const put = (into: string): string => good.replace('"amount":"10.00"', into);

  it.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['a key that stands twice', put('"amount":"10.00","amount":"99.00"'), {}, 400, 'err.request.bad'],
    ['NUL', put('"amount":"10.00","note":"a\\u0000"'), {}, 400, 'err.request.bad'],
    ['half a surrogate pair', put('"amount":"10.00","note":"\\ud83c"'), {}, 400, 'err.request.bad'],
    ['the key __proto__', put('"amount":"10.00","__proto__":{}'), {}, 400, 'err.request.bad'],
    ['a depth bomb', put(`"amount":${'['.repeat(500_000)}`), {}, 400, 'err.request.bad'],
    ['no UTF-8', Buffer.from(put('"amount":"10.00","note":"é"'), 'latin1'), {}, 400, 'err.request.bad'],
    [
      'another character set',
      Buffer.from(good, 'utf16le'),
      { 'Content-Type': 'application/json; charset=utf-16' },
      415,
      'err.request.unsupported_media_type',
    ],
    [
      'a gzip bomb',
      gzipSync(Buffer.alloc(50_000_000, 0x20)),
      { 'Content-Encoding': 'gzip' },
      415,
      'err.request.unsupported_media_type',
    ],
    ['a body over the limit', ' '.repeat(2_000_001), {}, 413, 'err.request.too_large'],
    [
      'too many lines',
      JSON.stringify(disburse('t-1', Array<Json>(1001).fill({}))),
      {},
      413,
      'rjct.total_count.limit_exceeded',
    ],
  ])(
    '%s is refused with one sentence, and nothing is stored',
    async (_what, body, headers, status, error) => {
      const answer = await rig.post('/disburse', body, { ...JSON_TYPE, ...headers });
      expect(code(answer)).toEqual([status, error]);
      expect(answer.body.message.error!.message).toMatch(/^[A-Z].*\.$/);
      const [row] = await rig.record.rows<{ count: string }>('SELECT count(*) FROM batch');
      expect(row!.count).toBe('0');
    },
  );

  it.each<[string, string, string[]]>([
    ['PUT', '/disburse', ['POST']],
    ['GET', '/disburse/sync/txn/status', ['POST']],
    ['DELETE', '/api/v1/batches', ['GET', 'HEAD']],
    ['POST', '/api/v1/batches/00000000-0000-8000-8000-000000000000', ['GET', 'HEAD']],
    ['PATCH', '/namespace/v1.0.0/disburse', ['POST']],
    ['POST', '/health/live', ['GET', 'HEAD']],
  ])('%s %s is 405 in both error shapes, with what is allowed', async (method, path, allowed) => {
    const answer = await fetch(`${rig.urls[0]!}${path}`, { method });
    expect([answer.status, answer.headers.get('Allow')?.split(', ')]).toEqual([405, allowed]);
    const error = { code: 'err.request.method_not_allowed' };
    expect(await answer.json()).toMatchObject({ message: { ack_status: 'ERR', error }, errors: [error] });
  });

  it('a path that does not exist is 404, whatever the method', async () => {
    const answer = await fetch(`${rig.urls[0]!}/disburse/nowhere`, { method: 'PUT', headers: JSON_TYPE });
    expect([answer.status, answer.headers.has('Allow')]).toEqual([404, false]);
    expect(await answer.json()).toMatchObject({ message: { ack_status: 'ERR' }, errors: [{}] });
  });

  it.each([
    ['NUL in a query', '/api/v1/batches?transaction_id=%00'],
    ['NUL in another query', '/api/v1/callbacks?sender_id=a%00b'],
    ['NUL in a query that nobody reads', '/api/v1/dead-letters?x=%00'],
    ['half a surrogate pair', '/api/v1/batches?transaction_id=%ED%A0%BC'],
    ['NUL in a path', '/api/v1/batches/%00/disbursements'],
    ['half a surrogate pair in a path', '/api/v1/disbursements/%ED%A0%BC'],
    ['NUL in the path of the schema registry', '/subjects/%00/versions'],
    ['NUL beside a batch', '/disburse?transaction_id=%00'],
  ])('%s is 400 with one sentence, and no fault', async (_what, path) => {
    const method = path.startsWith('/disburse') ? 'POST' : 'GET';
    const answer = await fetch(`${rig.urls[0]!}${path}`, { method, headers: JSON_TYPE });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'err.request.bad' }] });
  });

  it('not ready is 503, not a fault', async () => {
    const answer = await fetch(`${rig.urls[0]!}/health/ready`);
    expect(answer.status).toBe(503);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'err.service.unavailable' }] });
  });
});

describe('header fields of a strict sender', () => {
  it.each<[string, Json, string]>([
    ['a naive message_ts', { message_ts: '2026-11-24 08:00:00' }, 'rjct.message_ts.invalid'],
    ['a day that does not exist', { message_ts: '2026-02-31T08:00:00Z' }, 'rjct.message_ts.invalid'],
    ['a version to come', { version: '2.0.0' }, 'err.version.not_supported'],
    ['a numeric message_id', { message_id: 5 }, 'err.request.bad'],
    ['an empty message_id', { message_id: '' }, 'err.request.bad'],
    ['no action', { action: null }, 'err.request.bad'],
    ['a count that is no number', { total_count: 'one' }, 'rjct.total_count.invalid'],
    ['a count with a fraction', { total_count: 1.5 }, 'rjct.total_count.invalid'],
    ['meta that is no object', { meta: 'string' }, 'err.request.bad'],
    ['a foreign name', { sender_id: 'other' }, 'err.sender_id.invalid'],
    ['a sender_uri that is no text', { sender_uri: {} }, 'err.sender_uri.invalid'],
  ])('%s is refused; profile openg2p takes it', async (_what, header, error) => {
    const message = (): Json => disburse(randomUUID(), [line()], header);
    expect(code(await rig.strict('/disburse', message()))).toEqual([400, error]);
    expect((await rig.openg2p('/disburse', message())).body.message.ack_status).toBe('ACK');
  });
});

describe('what is kept of bad lines', () => {
  it('no mark of the parser leaks: a numeric transaction, reference or refused line is told and kept as it was written', async () => {
    const body = JSON.stringify(disburse('@T@', [line({ reference_id: '@R@' }), { amount: '@A@' }]))
      .replace('"@T@"', '1.50')
      .replace('"@R@"', '7.0')
      .replace('"@A@"', '1e3');
    const answer = await rig.openg2p('/disburse/sync/disburse', body);
    expect(answer.body.message).toMatchObject({
      transaction_id: '1.50',
      disbursements_status: [{ reference_id: '7.0', status: 'rcvd' }, { status: 'rjct' }],
    });
    const [kept] = await rig.record.rows<{ line: unknown }>(
      `SELECT line FROM refused_line r JOIN batch b USING (batch_id) WHERE b.transaction_id = '1.50'`,
    );
    expect(kept!.line).toEqual({ amount: '1e3' });
    const ask = JSON.stringify(question('reference_id_list', ['@R@'])).replace('"@R@"', '7.0');
    const status = await rig.openg2p('/disburse/sync/txn/status', ask);
    expect(status.body.message.txnstatus_response.txn_status).toMatchObject([{ reference_id: '7.0' }]);
  });

  it('a huge line is kept by its beginning, and its batch is published like any other', async () => {
    const transaction = randomUUID();
    const huge = '\u0001'.repeat(90_000);
    const lines = [line({ note: huge, payee_name: huge }), { note: huge }, line()];
    const answer = await rig.openg2p('/disburse/sync/disburse', disburse(transaction, lines));
    expect(answer.body.message.disbursements_status.map(({ status }) => status)).toEqual([
      'rjct',
      'rjct',
      'rcvd',
    ]);
    await rig.untilPublished();
    const [kept] = await rig.record.rows<{ bytes: number }>(
      `SELECT max(length(line::text)) AS bytes FROM refused_line r JOIN batch b USING (batch_id)
        WHERE b.transaction_id = $1`,
      [transaction],
    );
    expect(kept!.bytes).toBeLessThan(60_000);
  });
});

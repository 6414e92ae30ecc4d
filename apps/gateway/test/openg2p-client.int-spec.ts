import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, type Answer } from './api.rig-spec.js';

const fixtures = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'fixtures');
const withShared = existsSync(fixtures) ? describe : describe.skip;
const bodies = existsSync(fixtures)
  ? readdirSync(fixtures).filter((name) => /^openg2p-gen.*-disburse.*\.json$/.test(name))
  : [];
const read = (name: string): string => readFileSync(join(fixtures, name), 'utf8');

interface Payment {
  status?: 'paid' | 'failed';
}

/**
 * What the client of generation 1 makes of a status answer: it walks txn_status as a list, passes over falsy entries,
 * reads reference_id and status of the others, and acts on succ and rjct only. A missing key or another form is an
 * exception, after which nothing more is read.
 */
function pollGeneration1({ status, body }: Answer, payments: Map<string, Payment>): void {
  if (status >= 400) throw new Error(`HTTP ${status}`);
  const { txnstatus_response: response } = body.message as { txnstatus_response?: { txn_status?: unknown } };
  if (response?.txn_status === undefined) throw new Error('KeyError');
  if (!Array.isArray(response.txn_status)) throw new TypeError('not a list');
  for (const entry of response.txn_status as (Record<string, unknown> | null)[]) {
    if (entry === null) continue;
    if (!('reference_id' in entry) || !('status' in entry)) throw new Error('KeyError');
    const payment = payments.get(String(entry.reference_id));
    if (payment === undefined) continue;
    if (entry.status === 'succ') payment.status = 'paid';
    if (entry.status === 'rjct') payment.status = 'failed';
  }
}

function references(body: string): string[] {
  const { message } = JSON.parse(body) as { message: { disbursements: { reference_id: string }[] } };
  return message.disbursements.map(({ reference_id }) => reference_id);
}

function poll(ids: readonly unknown[]): unknown {
  const body = JSON.parse(read('openg2p-gen1b-status.json')) as {
    header: { total_count: number };
    message: { txnstatus_request: { attribute_value: unknown } };
  };
  body.message.txnstatus_request.attribute_value = ids;
  body.header.total_count = ids.length;
  return body;
}

it('the judge refuses what the client cannot read: the object form, an Ack, an entry without its reference, 4xx', () => {
  const answer = (message: unknown, status = 200): Answer =>
    ({ status, text: '', body: { message } }) as Answer;
  const status = (txn_status: unknown): unknown => ({ txnstatus_response: { txn_status } });
  const none = new Map<string, Payment>();
  expect(() => pollGeneration1(answer(status({ disbursements_status: [] })), none)).toThrow(TypeError);
  expect(() => pollGeneration1(answer({ ack_status: 'NACK' }), none)).toThrow('KeyError');
  expect(() => pollGeneration1(answer(status([{ status: 'succ' }])), none)).toThrow('KeyError');
  expect(() => pollGeneration1(answer(status([]), 400), none)).toThrow('HTTP 400');
  expect(() => pollGeneration1(answer(status([null])), none)).not.toThrow();
});

withShared('clients of OpenG2P, by generation (skipped without the shared folder)', () => {
  let rig: ApiRig;
  beforeAll(async () => {
    rig = await ApiRig.start();
  }, 60_000);
  afterAll(() => rig.stop(), 30_000);

  it.each(bodies)('%s: any 2xx counts as sent, and every line has a row or a reason', async (name) => {
    const body = read(name);
    // The URL is free text at the client, so the same body comes to every path.
    for (const path of ['/disburse', '/disburse/sync/disburse', '/namespace/v1.0.0/disburse']) {
      const answer = await rig.openg2p(path, body);
      expect([answer.status, answer.body.errors]).toEqual([200, undefined]);
    }
    const ids = references(body);
    const [row] = await rig.record.rows<{ stored: string }>(
      `SELECT (SELECT count(*) FROM disbursement WHERE reference_id = ANY($1))
            + (SELECT count(*) FROM refused_line WHERE reference_id = ANY($1)) AS stored`,
      [ids],
    );
    expect(row!.stored).toBe(String(ids.length));
  });

  it('generation 1: the poll settles what is final, leaves the rest open, and takes unknown, false and null references', async () => {
    const body = read('openg2p-gen1b-disburse.json');
    await rig.openg2p('/disburse', body);
    const [paid, failed, open] = references(body) as [string, string, string];
    const move = (id: string, state: string): Promise<unknown> =>
      rig.record.rows('UPDATE disbursement SET state = $2 WHERE reference_id = $1', [id, state]);
    await move(paid, 'succeeded');
    await move(failed, 'failed');
    const payments = new Map([paid, failed, open].map((id): [string, Payment] => [id, {}]));
    for (const path of ['/disburse/txn/status', '/disburse/sync/txn/status']) {
      pollGeneration1(
        await rig.openg2p(path, poll([paid, 'never-sent', failed, false, null, open])),
        payments,
      );
      expect([paid, failed, open].map((id) => payments.get(id)!.status)).toEqual([
        'paid',
        'failed',
        undefined,
      ]);
    }
  });

  it('generation 1: an empty poll is answered with an empty list', async () => {
    const answer = await rig.openg2p('/disburse/txn/status', poll([]));
    expect(() => pollGeneration1(answer, new Map())).not.toThrow();
    expect(answer.body.message.txnstatus_response.txn_status).toEqual([]);
  });

  it('generation 1: tens of thousands of references are answered within the ten seconds of its time limit', async () => {
    const ids = Array.from(
      { length: 40_000 },
      (_, index) => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`,
    );
    const started = performance.now();
    const answer = await rig.openg2p('/disburse/txn/status', poll(ids));
    expect(answer.status).toBe(200);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

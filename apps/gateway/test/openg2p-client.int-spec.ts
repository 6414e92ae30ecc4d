import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, type Answer } from './api.rig-spec.js';
import {
  fixtures,
  hasFixtures,
  poll,
  pollGeneration1,
  readFixture as read,
  references,
  type Payment,
} from './openg2p-poll-spec.js';

const withShared = hasFixtures ? describe : describe.skip;
const bodiesOf = (pattern: RegExp): string[] =>
  hasFixtures ? readdirSync(fixtures).filter((name) => pattern.test(name)) : [];
const bodies = bodiesOf(/^openg2p-gen.*-disburse.*\.json$/);
const bridgeBodies = bodiesOf(/^bridge-gen2-.*\.json$/);

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

  it.each(bodies)(
    '%s: its poll reads every line, in whatever state, by the path that is configured',
    async (name) => {
      const ids = references(read(name));
      await rig.openg2p('/disburse', read(name));
      const states = [
        'succeeded',
        'failed',
        'received',
        'returned',
        'review',
        'malformed',
        'cancelled',
        'retrying',
      ];
      for (const [index, id] of ids.entries())
        await rig.record.rows('UPDATE disbursement SET state = $2 WHERE reference_id = $1', [
          id,
          states[index % states.length],
        ]);
      const wanted = ids.map((_, index) =>
        index % 8 === 0 ? 'paid' : [1, 3, 5, 6].includes(index % 8) ? 'failed' : undefined,
      );
      for (const path of ['/disburse/txn/status', '/disburse/sync/txn/status']) {
        const payments = new Map(ids.map((id): [string, Payment] => [id, {}]));
        pollGeneration1(await rig.openg2p(path, poll(ids)), payments);
        expect(ids.map((id) => payments.get(id)!.status)).toEqual(wanted);
      }
    },
    60_000,
  );

  it('openg2p-gen1b-status.json: the fresh transaction of the question is told back, and the answer is a list', async () => {
    const body = read('openg2p-gen1b-status.json');
    const { message } = JSON.parse(body) as { message: { transaction_id: string } };
    const answer = await rig.openg2p('/disburse/txn/status', body);
    expect(answer.body.message).toMatchObject({
      transaction_id: message.transaction_id,
      txnstatus_response: { txn_type: 'on-disburse' },
    });
    expect(() => pollGeneration1(answer, new Map())).not.toThrow();
  });

  it('the object form, for a client that follows the specification, is what the list client cannot read', async () => {
    const body = read('openg2p-gen1b-disburse.json');
    await rig.openg2p('/disburse', body);
    const { message } = JSON.parse(body) as { message: { transaction_id: string } };
    const asked = poll([]) as { message: { txnstatus_request: Record<string, unknown> } };
    Object.assign(asked.message.txnstatus_request, {
      attribute_type: 'transaction_id',
      attribute_value: message.transaction_id,
    });
    const answer = await rig.openg2p('/disburse/txn/status', asked);
    const { txn_status } = answer.body.message.txnstatus_response as {
      txn_status: { transaction_id: string; disbursements_status: { reference_id: string }[] };
    };
    expect(txn_status.transaction_id).toBe(message.transaction_id);
    expect(txn_status.disbursements_status.map(({ reference_id }) => reference_id)).toEqual(references(body));
    expect(() => pollGeneration1(answer, new Map())).toThrow(TypeError);
  });

  // Generation 2 looks at no header.status: an answer of 200 that echoes its payloads would mark them as sent.
  it.each(bridgeBodies)(
    '%s: on a disburse path is refused with 4xx, which leaves its payments pending, and stores nothing',
    async (name) => {
      const [before] = await rig.record.rows<{ count: string }>('SELECT count(*) FROM batch');
      for (const path of ['/disburse', '/disburse/sync/disburse']) {
        const { status, body } = await rig.openg2p(path, read(name));
        expect([path, status >= 400 && status < 500, body.message.ack_status]).toEqual([path, true, 'ERR']);
      }
      expect(await rig.record.rows('SELECT count(*) FROM batch')).toEqual([before]);
    },
  );
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchId } from '@gpo/g2p-connect-schemas';
import { PathRig, goodLines, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { expectBooksAgree, gpo } from './on-hold-rig-spec.js';

const OPERATOR = { Authorization: 'Bearer operator-dev-key' };
const AUDITOR = { Authorization: 'Bearer auditor-dev-key' };
const OTHER = { Authorization: '', 'X-API-Key': 'ministry-dev-key' };
const DUE_MS = 12_000;
const WHY = { reason: 'the list is being checked' };

interface Decided {
  status: number;
  body: Record<string, unknown> & { errors?: { code: string }[] };
}

describe('hold, release and cancel of a batch and of its lines', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function decide(
    transaction: string,
    verb: string,
    body: unknown,
    headers: Record<string, string> = {},
  ): Promise<Decided> {
    const path = `/api/v1/batches/${batchId('openg2p', transaction)}/${verb}`;
    const answer = await rig.post(body, path, headers);
    return { status: answer.status, body: (await answer.json()) as Decided['body'] };
  }

  /** A stored batch whose lines are due in `dueInMs`. */
  async function stored(count: number, dueInMs: number): Promise<{ transaction: string; lines: TestLine[] }> {
    const transaction = randomUUID();
    const scheduled_timestamp = new Date(Date.now() + dueInMs).toISOString();
    const lines = goodLines(count).map((line) => ({ ...line, scheduled_timestamp }));
    await rig.post(message(transaction, lines));
    return { transaction, lines };
  }

  it('the sender holds, releases and cancels its own; an auditor and another sender do not; wrong bodies change nothing', async () => {
    const { transaction, lines } = await stored(3, 3_600_000);
    const [first] = lines as [TestLine, ...TestLine[]];
    for (const [headers, status, code] of [
      [AUDITOR, 403, 'err.request.forbidden'],
      [OTHER, 404, 'err.request.not_found'],
      [{ Authorization: 'Bearer nobody' }, 401, 'err.request.unauthorized'],
    ] as const) {
      for (const verb of ['hold', 'release', 'cancel']) {
        const { status: got, body } = await decide(transaction, verb, WHY, headers);
        expect([verb, got, body.errors?.[0]?.code]).toEqual([verb, status, code]);
      }
    }
    for (const bad of [
      {},
      { reason: 'x' },
      { ...WHY, reference_ids: [] },
      { ...WHY, by: 1 },
      '[',
      { ...WHY, after: -1 },
    ])
      expect((await decide(transaction, 'cancel', bad)).status).toBe(400);
    expect(await decide(transaction, 'hold', { ...WHY, by: 'Asha' })).toMatchObject({
      status: 200,
      body: { held: 3, already: 0, too_late: 0, decided_by: 'sender openg2p (Asha)' },
    });
    expect(await rig.client.batch(transaction)).toMatchObject({ held_by: 'sender' });
    const one = { ...WHY, reference_ids: [first.reference_id, 'nobody'] };
    expect((await decide(transaction, 'release', one)).body).toMatchObject({
      released: 1,
      unknown: ['nobody'],
    });
    expect((await decide(transaction, 'hold', WHY, OPERATOR)).body).toMatchObject({ held: 1, already: 2 });
    expect((await decide(transaction, 'release', WHY)).body).toMatchObject({ released: 0, kept: 3 });
    expect((await decide(transaction, 'cancel', WHY)).body).toMatchObject({ cancelled: 3, next: null });
    const answer = await fetch(
      `${rig.gatewayUrl}/api/v1/batches/${batchId('openg2p', transaction)}/decisions`,
      { headers: AUDITOR },
    );
    const { decisions } = (await answer.json()) as {
      decisions: { action: string; actor: string; lines: number }[];
    };
    expect(decisions.map(({ action, actor, lines: count }) => [action, actor, count])).toEqual([
      ['hold', 'sender openg2p (Asha)', null],
      ['release', 'sender openg2p', 1],
      ['hold', 'operator', null],
      ['cancel', 'sender openg2p', null],
    ]);
  });

  it('a held batch stays unpaid over its schedule and over a restart; what is released is paid once, what is cancelled never, and the sender is told which', async () => {
    const paidBefore = (await rig.journal()).payments;
    const { transaction, lines } = await stored(6, DUE_MS);
    const started = Date.now();
    const named = (...indexes: number[]): string[] => indexes.map((index) => lines[index]!.reference_id);
    const why = ['--reason', 'the list is being checked'];
    expect(await gpo(rig, 'batch', 'hold', transaction, ...why)).toMatchObject({
      code: 0,
      json: [{ held: 6, already: 0, too_late: 0, decided_by: 'operator' }],
    });
    await sleep(1000);
    for (const name of ['gateway', 'connectors']) rig.kill(name);
    await sleep(1000);
    await until(20_000, () => rig.client.batch(transaction));
    // Longer than the watchdog's patience: held rows are not its business.
    await sleep(started + DUE_MS + 9000 - Date.now());
    expect((await rig.journal()).payments).toBe(paidBefore);
    expect((await rig.sql.query('SELECT * FROM watchdog_mark')).rows).toEqual([]);

    const some = await gpo(rig, 'batch', 'release', transaction, ...why, '--line', ...named(0, 1));
    expect(some.json).toMatchObject([{ released: 2, kept: 0 }]);
    await until(20_000, async () =>
      (await rig.client.batch(transaction)).states.succeeded!.count === 2 ? true : undefined,
    );
    const two = await gpo(rig, 'batch', 'cancel', transaction, ...why, '--line', ...named(0, 2, 3));
    expect(two.json).toMatchObject([{ cancelled: 2, already: 0, too_late: 1 }]);
    expect(two.json[0]!.too_late_lines).toMatchObject([
      { reference_id: lines[0]!.reference_id, state: 'succeeded' },
    ]);
    expect((await gpo(rig, 'batch', 'release', transaction, ...why)).json).toMatchObject([
      { released: 2, too_late: 4 },
    ]);
    const batch = await rig.settled(transaction);
    expect(batch.completed_at).not.toBeNull();
    expect(batch.states).toMatchObject({ succeeded: { count: 4 }, cancelled: { count: 2 } });
    expect(await rig.journal()).toMatchObject({ payments: paidBefore + 4, double_payments: 0 });
    const told = rig.receiver.linesOf(transaction);
    expect(lines.map(({ reference_id }) => told.get(reference_id))).toEqual(
      lines.map((_, index) => [index === 2 || index === 3 ? 'rjct' : 'succ']),
    );
    const status = await rig.post(
      {
        message: {
          transaction_id: 'q',
          txnstatus_request: {
            reference_id: 'q',
            txn_type: 'disburse',
            attribute_type: 'reference_id_list',
            attribute_value: named(2),
          },
        },
      },
      '/disburse/txn/status',
    );
    expect(await status.text()).toMatch(/rjct\.payment\.cancelled.*the list is being checked/);
    await expectBooksAgree(rig);
    expect((await gpo(rig, 'batch', 'hold', randomUUID(), ...why)).code).toBe(2);
  }, 180_000);
});

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Acceptance } from '../src/intake/intake.service.js';
import { CompletionSweep } from '../src/outcome/completion.sweep.js';
import { completeBatches } from '../src/outcome/counters.repository.js';
import { eventually, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { OutcomeRig, type IntakeArguments } from './outcome.rig-spec.js';

interface Told {
  header: { status: string; total_count: number; completed_count: number; meta: { version: number } };
  message: { disbursements_status: { reference_id: string; status: string }[] };
}

let rig: OutcomeRig;
let receiver: Server;
let url: string;
let told: Told[] = [];

beforeAll(async () => {
  rig = await OutcomeRig.start();
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      told.push(JSON.parse(Buffer.concat(parts).toString()) as Told);
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/on-disburse`;
}, 60_000);
beforeEach(async () => {
  told = [];
  await rig.record.clear();
});
afterAll(async () => {
  await rig.stop();
  receiver.closeAllConnections();
  receiver.close();
});

const line: OutcomeRig['line'] = (change) => rig.line(change);

function intake(...[transactionId, raw, channel]: IntakeArguments): Promise<Acceptance> {
  return rig.intake(transactionId, raw, channel, url);
}

async function settle(seeded: Seeded): Promise<void> {
  await rig.record.attempt(seeded.id, 1, 'settled', { outcome_seq: 1 });
  await rig.apply(rig.claim({ ...seeded, money: {} as Seeded['money'] }, 'success'));
}

const lastTold = (): Told['header'] | undefined => told.at(-1)?.header;

/** Waits until the sender was told of so many lines. */
function hear(lines: number): Promise<unknown> {
  const count = (): number => told.reduce((sum, { message }) => sum + message.disbursements_status.length, 0);
  return rig.calling(() =>
    eventually(
      () => Promise.resolve(count()),
      (heard) => heard >= lines,
    ),
  );
}

describe('rule M: counters, completion, versions', () => {
  it('rule M: at every step the counters are what a recount says, refused lines included', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line(), line(), { amount: '1' }]);
    const [first, second] = await rig.seeds(transaction);
    const agree = async (): Promise<void> => {
      const { counters, recount } = await rig.counted(id);
      expect(counters).toEqual(recount);
    };
    await agree();
    await settle(first!);
    await agree();
    await rig.record.rows(`UPDATE attempt SET state = 'returned'`);
    await rig.apply(rig.claim({ ...first!, money: {} as Seeded['money'] }, 'failure'));
    await agree();
    await settle(second!);
    await agree();
  });

  it('rule M: a batch completes when its last line is final, not before, and once', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line(), line()]);
    const [first, second] = await rig.seeds(transaction);
    await settle(first!);
    expect((await rig.batch(id)).completed_at).toBeNull();
    expect(await completeBatches(rig.record.dataSource, 0, [id])).toEqual([]);
    await rig.record.attempt(second!.id, 1, 'settled', { outcome_seq: 1 });
    await rig.apply(rig.claim({ ...second!, money: {} as Seeded['money'] }, 'success'));
    const { completed_at } = await rig.batch(id);
    expect(completed_at).not.toBeNull();
    expect(await completeBatches(rig.record.dataSource, 0, [id])).toEqual([]);
  });

  it('rule M: the sweep completes what a crash after the commit left undecided', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line()]);
    await settle((await rig.seeds(transaction))[0]!);
    await rig.record.rows('UPDATE batch SET completed_at = NULL');
    expect(await completeBatches(rig.record.dataSource, 0, [id])).toEqual([id]);
  });

  it('rule M: the sweep completes every batch that is ready, a step at a time, and begins again behind the last one', async () => {
    const sweep = new CompletionSweep(rig.record.dataSource, rig.config);
    const ready: string[] = [];
    for (let nth = 0; nth < 5; nth += 1) {
      const transaction = randomUUID();
      ready.push((await intake(transaction, [line()])).batchId);
      await settle((await rig.seeds(transaction))[0]!);
    }
    const unready = randomUUID();
    const { batchId: open } = await intake(unready, [line()]);
    await rig.record.rows('UPDATE batch SET completed_at = NULL');
    const complete = async (): Promise<string[]> =>
      (
        await rig.record.rows<{ batch_id: string }>(
          'SELECT batch_id FROM batch WHERE completed_at IS NOT NULL',
        )
      ).map(({ batch_id }) => batch_id);
    const steps: (false | number)[] = [];
    do steps.push(await sweep.step(2));
    while (steps.at(-1) !== false);
    expect(steps).toEqual([expect.any(Number), expect.any(Number), expect.any(Number), false]);
    expect((await complete()).sort()).toEqual(ready.sort());
    await settle((await rig.seeds(unready))[0]!);
    await rig.record.rows('UPDATE batch SET completed_at = NULL WHERE batch_id = ANY($1)', [
      [open, ready[0]],
    ]);
    expect(await sweep.step(3)).toBe(false);
    expect((await complete()).sort()).toEqual([...ready, open].sort());
  });

  it('rule M: a line that arrives opens a complete batch again; it completes again, and both times the sender is told', async () => {
    const transaction = randomUUID();
    const [one, two] = [line(), line()];
    const { batchId: id } = await intake(transaction, [one]);
    await settle((await rig.seeds(transaction))[0]!);
    await hear(1);
    expect(lastTold()).toMatchObject({ status: 'succ', total_count: 1, completed_count: 1 });
    await intake(transaction, [one, two]);
    expect(await rig.batch(id)).toMatchObject({ completed_at: null, total_count: 2 });
    await settle((await rig.seeds(transaction))[1]!);
    await hear(2);
    expect(lastTold()).toMatchObject({ status: 'succ', total_count: 2, completed_count: 2 });
    expect((await rig.batch(id)).completed_at).not.toBeNull();
    const { counters, recount } = await rig.counted(id);
    expect(counters).toEqual(recount);
  });

  it('rule M: a return after completion is a new callback with the next version', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line()]);
    const [only] = await rig.seeds(transaction);
    await settle(only!);
    await hear(1);
    await rig.record.rows(`UPDATE attempt SET state = 'returned'`);
    await rig.apply(rig.claim({ ...only!, money: {} as Seeded['money'] }, 'failure'));
    await hear(2);
    expect(told.map(({ header }) => header.meta.version)).toEqual([1, 2]);
    expect(told[1]).toMatchObject({
      header: { status: 'rjct', total_count: 1, completed_count: 1 },
      message: { disbursements_status: [{ status: 'rjct' }] },
    });
    await eventually(
      () => rig.batch(id),
      ({ sent_version }) => sent_version === 2,
    );
    expect(await rig.batch(id)).toMatchObject({ version: 2, sent_version: 2 });
  });

  it('rule M: a callback that is delivered late does not lower sent_version', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line()]);
    await settle((await rig.seeds(transaction))[0]!);
    await rig.record.rows('UPDATE batch SET sent_version = 9');
    await hear(1);
    await eventually(
      () => rig.record.rows('SELECT FROM callback WHERE delivered_at IS NOT NULL'),
      (rows) => rows.length === 1,
    );
    expect((await rig.batch(id)).sent_version).toBe(9);
  });

  it('rule M: a batch fed by direct records completes when nothing was open for the idle time, not before', async () => {
    const transaction = randomUUID();
    const { batchId: id } = await intake(transaction, [line()], 'kafka');
    const [only] = await rig.seeds(transaction);
    await settle(only!);
    const complete = (): Promise<string[]> => completeBatches(rig.record.dataSource, 900_000, [id]);
    await rig.record.rows(`UPDATE batch SET last_line_at = now() - interval '1 hour'`);
    expect(await complete()).toEqual([]);
    await rig.record.age('disbursement', only!.id, 3_600_000);
    await rig.record.rows('UPDATE batch SET last_line_at = now()');
    expect(await complete()).toEqual([]);
    await rig.record.rows(`UPDATE batch SET last_line_at = now() - interval '1 hour'`);
    expect(await complete()).toEqual([id]);
  });
});

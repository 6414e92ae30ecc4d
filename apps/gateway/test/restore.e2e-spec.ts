import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ALL_TOPICS, physicalName } from '@gpo/messaging';
import { PathRig, goodLines, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';

const PROCESSES = ['gateway', 'router', 'connectors'];

let rig: PathRig;
beforeAll(async () => {
  rig = await PathRig.start({
    // A slow rail, so that the backup meets lines in every state.
    env: { 'rail-simulator': { SIMULATOR_DELAY_MS: '150' } },
  });
}, 60_000);
afterAll(() => rig.stop(), 60_000);

async function down(): Promise<void> {
  for (const name of PROCESSES) await rig.apps.get(name)!.stop();
}

async function up(): Promise<void> {
  await Promise.all(PROCESSES.map((name) => rig.relaunch(name)));
}

async function paidOnce(
  batches: ReadonlyMap<string, readonly TestLine[]>,
  paidBefore: number,
): Promise<void> {
  let lines = 0;
  for (const [transaction, wanted] of batches) {
    const batch = await rig.settled(transaction, 150_000);
    expect([transaction, batch.states.succeeded!.count]).toEqual([transaction, wanted.length]);
    lines += wanted.length;
  }
  const { payments, double_payments } = await rig.journal();
  expect({ payments: payments - paidBefore, double_payments }).toEqual({
    payments: lines,
    double_payments: 0,
  });
}

async function ask<T>(sql: string, values: unknown[] = []): Promise<T[]> {
  return (await rig.sql.query(sql, values)).rows as T[];
}

/** `npm run gpo -- restore begin` as an operator types it. */
async function begin(backupAt: string): Promise<Record<string, number>> {
  const words = ['--backup-at', backupAt, '--by', 'the operator', '--reason', 'the disk was lost', '--json'];
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['dist/tools/gpo/main.js', 'restore', 'begin', ...words],
    { env: { ...process.env, DATABASE_URL: rig.record.url } },
  );
  return (JSON.parse(stdout) as Record<string, number>[])[0]!;
}

describe('after a restore', () => {
  it('of an older database, with what was paid since unknown to it: asked for first, nothing paid twice, every line ends', async () => {
    const { payments } = await rig.journal();
    const batches = new Map<string, TestLine[]>([
      [randomUUID(), goodLines(120)],
      [randomUUID(), goodLines(60)],
    ]);
    const [known, lost] = [...batches.keys()] as [string, string];
    await rig.post(message(known, batches.get(known)!));
    await until(30_000, async () => ((await rig.journal()).payments - payments > 20 ? true : undefined));
    await down();
    const [{ now: backupAt }] = (await ask<{ now: string }>('SELECT now()::text')) as [{ now: string }];
    await rig.record.backUp();
    await up();
    await rig.post(message(lost, batches.get(lost)!));
    for (const transaction of batches.keys()) await rig.settled(transaction, 90_000);

    await down();
    await rig.record.restore();
    const begun = await begin(new Date(backupAt).toISOString());
    expect(begun.lanes_held).toBe(3);
    await up();
    // The sender repeats what was lost, as it does where no answer came; and there is something new.
    const [fresh, newLines] = [randomUUID(), goodLines(30)];
    await rig.post(message(lost, batches.get(lost)!));
    await rig.post(message(fresh, newLines));
    await sleep(3000);
    expect(await ask(`SELECT FROM attempt WHERE state = 'sending'`)).toEqual([]);
    await ask(`UPDATE lane SET state = 'open', changed_by = 'the operator'`);
    await paidOnce(batches.set(fresh, newLines), payments);
    // What the rails knew was found by asking them: only what is new went out after the restore.
    const again = await ask<{ transaction_id: string; lines: number }>(
      `SELECT transaction_id, count(*)::int AS lines FROM attempt JOIN disbursement USING (disbursement_id) JOIN batch USING (batch_id)
        WHERE sends > 1 GROUP BY transaction_id`,
    );
    expect(again).toEqual([{ transaction_id: fresh, lines: newLines.length }]);
  }, 400_000);

  it('onto an empty Kafka: what was under way is published again, nothing paid twice, every line ends', async () => {
    const { payments } = await rig.journal();
    const transaction = randomUUID();
    const lines = goodLines(120);
    await rig.post(message(transaction, lines));
    await until(30_000, async () => ((await rig.journal()).payments - payments > 20 ? true : undefined));
    for (const name of PROCESSES) rig.kill(name);
    await down();
    await rig.kafka.withAdmin((admin) =>
      admin.deleteTopics({
        topics: ALL_TOPICS.map(({ name }) => physicalName(rig.prefix, name)),
        timeout: 30_000,
      }),
    );
    await up();
    await paidOnce(new Map([[transaction, lines]]), payments);
  }, 300_000);
});

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  PathRig,
  goodLines,
  message,
  until,
  type AppName,
  type TestLine,
} from '../../../tools/testing/path-rig-spec.js';
import { expectBooksAgree } from './on-hold-rig-spec.js';

const FAULTY = ['9990002', '9990014', '9990010', '9990003'];

/** Part of every payee's number, so that a log that names one is found. */
const NUMBER = String(40_000_000 + Math.floor(Math.random() * 10_000_000));
const NAME = 'Halima Abebe';

/** Lines over all three lanes, some that the rail makes difficult; every one is paid in the end. */
function mixedLines(count: number): (TestLine & { payee_name: string })[] {
  return goodLines(count).map((line, index) => {
    const ending = index % 25 === 0 ? FAULTY[(index / 25) % 4]! : String(1_000_000 + index);
    const payee_fa = line.payee_fa.replace(/\d+@/, `${NUMBER}${ending}@`);
    return { ...line, payee_fa, payee_name: NAME };
  });
}

async function postUntilAcked(rig: PathRig, body: unknown): Promise<void> {
  await until(30_000, async () => {
    const answer = await rig.post(body);
    return answer.status === 200 ? true : undefined;
  });
}

/** Nothing lost, nothing twice, everything told: from the books, the rail's journal and the receiver. */
async function expectPaidOnce(
  rig: PathRig,
  transactionId: string,
  lines: readonly TestLine[],
  paidBefore = 0,
): Promise<void> {
  const batch = await rig.settled(transactionId, 120_000);
  expect(batch.states.succeeded!.count).toBe(lines.length);
  const journal = await rig.journal();
  expect({ payments: journal.payments - paidBefore, double: journal.double_payments }).toEqual({
    payments: lines.length,
    double: 0,
  });
  const told = rig.receiver.linesOf(transactionId);
  expect(lines.filter(({ reference_id }) => told.get(reference_id)?.join() !== 'succ')).toEqual([]);
  expect(rig.receiver.statusOf(transactionId)).toBe('succ');
  await expectBooksAgree(rig);
}

const POINTS: readonly (readonly [AppName, string])[] = [
  ['gateway', 'intake.before-commit'],
  ['gateway', 'intake.after-commit'],
  ['gateway', 'dispatch.before-send'],
  ['gateway', 'dispatch.after-send'],
  ['gateway', 'outcome.after-commit'],
  ['gateway', 'retry.after-send'],
  ['gateway', 'callback.before-send'],
  ['gateway', 'callback.after-send'],
  ['router', 'route.before-send'],
  ['router', 'route.after-send'],
  ['connectors', 'claim.before-commit'],
  ['connectors', 'claim.after-commit'],
  ['connectors', 'take.after-commit'],
  ['connectors', 'submit.before-send'],
  ['connectors', 'submit.after-answer'],
  ['connectors', 'outcome.after-write'],
  ['connectors', 'publish.before-send'],
  ['connectors', 'publish.after-send'],
];

describe('a process that dies as by a power cut', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 60_000);

  it.each(POINTS)(
    '%s killed at %s: every line is paid once and told once',
    async (app, point) => {
      const { payments } = await rig.journal();
      await rig.relaunch(app, { GPO_CRASH_POINT: point });
      const first = rig.apps.get(app)!.pid;
      const [transactionId, lines] = [randomUUID(), mixedLines(100)];
      // The Ack may be lost with the process: the same message again is the same batch.
      await postUntilAcked(rig, message(transactionId, lines)).catch(() => undefined);
      await postUntilAcked(rig, message(transactionId, lines));
      await until(20_000, () => Promise.resolve(rig.apps.get(app)!.pid === first ? undefined : true));
      await expectPaidOnce(rig, transactionId, lines, payments);
    },
    180_000,
  );

  // GPO_KILL_LINES and GPO_KILLS make the long run; GPO_SEED repeats one.
  it('gateway, router and connectors killed again and again at random: nothing lost, nothing twice', async () => {
    const seed = Number(process.env.GPO_SEED ?? Date.now() % 100_000);
    process.stderr.write(`kill test with GPO_SEED=${seed}\n`);
    let state = seed;
    const next = (limit: number): number => (state = (state * 48_271 + 11) % 2_147_483_647) % limit;
    const { payments } = await rig.journal();
    const [transactionId, lines] = [randomUUID(), mixedLines(Number(process.env.GPO_KILL_LINES ?? 2000))];
    await postUntilAcked(rig, message(transactionId, lines));
    for (let kill = 0; kill < Number(process.env.GPO_KILLS ?? 8); kill += 1) {
      await sleep(300 + next(1200));
      rig.kill((['gateway', 'router', 'connectors'] as const)[next(3)]!);
    }
    await expectPaidOnce(rig, transactionId, lines, payments);
  }, 400_000);

  it('kit part 10: after all this no log holds a secret, a name or the number of an account', async () => {
    const logs = rig.logs();
    expect(logs.length).toBeGreaterThan(10_000);
    const { rows } = await rig.sql.query<{ lane: string }>('SELECT DISTINCT lane FROM attempt ORDER BY lane');
    expect(rows.map(({ lane }) => lane)).toEqual(['core-banking', 'mobile-money', 'payment-gateway']);
    for (const secret of [NUMBER, NAME, 'gpo-dev-secret', 'sk_test_gpo_dev', 'treasury-core-banking'])
      expect(logs.includes(secret) ? secret : '').toBe('');
  });
});

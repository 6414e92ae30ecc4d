import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { expectBooksAgree, gpo, idOf, line } from './on-hold-rig-spec.js';

const WHY = ['--statement', 'statement 311', '--reason', 'seen in the bank portal'];

describe('an attempt that nobody can know about', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start({
      env: { gateway: { GPO_CRASH_POINT: 'review.after-commit' }, connectors: { UNRESOLVED_MAX_MS: '1500' } },
    });
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  /** Decides again until it is done: it may be too early, and a process may be away. */
  async function decide(id: string, seen: string, decision: string): Promise<void> {
    await until(60_000, async () => {
      const at = ['--statement-at', new Date().toISOString()];
      const { code, error } = await gpo(rig, 'review', 'decide', id, decision, '--seen', seen, ...WHY, ...at);
      // "stale": it was done, and the answer was lost with the process.
      return code === 0 || error.includes('stale') ? true : undefined;
    });
  }

  const listed = async (count: number): Promise<string[]> =>
    until(60_000, async () => {
      const { json } = await gpo(rig, 'review', 'list');
      return json.length === count
        ? json.map(({ disbursement_id, seen }) => `${String(disbursement_id)} ${String(seen)}`)
        : undefined;
    });

  it('rule L: is ended by the operator, also where the gateway dies with the decision or connect before it is published', async () => {
    // The rail says "pending" for a day.
    const lines: TestLine[] = [1, 2, 3].map((number) => ({
      ...line('75.00'),
      payee_fa: `account_no:${number}119990007@BANK`,
    }));
    const transactionId = randomUUID();
    await rig.post(message(transactionId, lines));
    const [paid, unpaid, again] = lines.map((one) => idOf(transactionId, one)) as [string, string, string];
    expect((await listed(3)).sort()).toEqual([paid, unpaid, again].map((id) => `${id} 1.1`).sort());
    const gateway = rig.apps.get('gateway')!.pid;
    await decide(paid, '1.1', 'paid');
    await until(20_000, () => Promise.resolve(rig.apps.get('gateway')!.pid === gateway ? undefined : true));
    await rig.relaunch('connectors', { GPO_CRASH_POINT: 'publish.before-send' });
    const connectors = rig.apps.get('connectors')!.pid;
    await decide(unpaid, '1.1', 'not-paid');
    await until(20_000, () =>
      Promise.resolve(rig.apps.get('connectors')!.pid === connectors ? undefined : true),
    );
    await decide(again, '1.1', 'pay-again');
    expect(await listed(1)).toEqual([`${again} 2.1`]);
    await decide(again, '2.1', 'paid');
    const batch = await rig.settled(transactionId);
    expect(batch.states).toMatchObject({ succeeded: { count: 2 }, failed: { count: 1 } });
    const told = rig.receiver.linesOf(transactionId);
    expect(lines.map(({ reference_id }) => told.get(reference_id)?.join())).toEqual(['succ', 'rjct', 'succ']);
    await expectBooksAgree(rig);
    const { rows } = await rig.sql.query(
      `SELECT reason, count(*)::int AS times FROM history WHERE event = 'decided' GROUP BY 1 ORDER BY 1`,
    );
    expect(rows).toEqual([
      { reason: 'not-paid', times: 1 },
      { reason: 'paid', times: 2 },
      { reason: 'pay-again', times: 1 },
    ]);
  }, 200_000);
});

import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { expect } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { until, type PathRig, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { DISAGREEING_BOOKS } from './books-rig-spec.js';

const run = promisify(execFile);
export const ROUTER = { SCENARIOS_DIR: 'nussknacker/examples/on-hold' };

let number = 200_000;
/** A line that nobody else is paid by. */
export const line = (amount: string): TestLine => ({
  reference_id: randomUUID(),
  payee_fa: `account_no:${(number += 1)}@BANK`,
  amount,
  currency_code: 'KES',
});
export const idOf = (transactionId: string, { reference_id }: TestLine): string =>
  disbursementId('openg2p', transactionId, reference_id);

/** Runs the command line as an operator does. */
export async function gpo(
  rig: PathRig,
  ...words: string[]
): Promise<{ code: number; json: Record<string, unknown>[]; error: string }> {
  const env = { ...process.env, GATEWAY_URL: rig.gatewayUrl };
  try {
    const { stdout } = await run(process.execPath, ['dist/tools/gpo/main.js', ...words, '--json'], { env });
    return { code: 0, json: JSON.parse(stdout) as Record<string, unknown>[], error: '' };
  } catch (error) {
    const { code, stderr, stdout } = error as { code: number; stderr: string; stdout: string };
    return { code, json: JSON.parse(stdout || '[]') as Record<string, unknown>[], error: stderr };
  }
}

/** Until so many lines of the batch are in the state. */
export async function untilState(
  rig: PathRig,
  transactionId: string,
  state: string,
  count: number,
): Promise<void> {
  await until(30_000, async () =>
    (await rig.client.batch(transactionId)).states[state]!.count === count ? true : undefined,
  );
}

/** Rows, counters and attempts say the same (rule M). */
export async function expectBooksAgree(rig: PathRig): Promise<void> {
  const { rows } = await rig.sql.query(DISAGREEING_BOOKS);
  expect(rows).toEqual([]);
  const { rows: retried } = await rig.sql.query(
    `SELECT * FROM (SELECT batch_id, count(*) AS n FROM disbursement WHERE attempt_no > 1 GROUP BY 1) d
       FULL JOIN (SELECT batch_id, sum(retried) AS n FROM batch_counter GROUP BY 1 HAVING sum(retried) <> 0) c USING (batch_id)
      WHERE d.n IS DISTINCT FROM c.n`,
  );
  expect(retried).toEqual([]);
  const { rows: kept } = await rig.sql.query<{ lines: string; wrong: string }>(
    `SELECT count(*) AS lines,
            count(*) FILTER (WHERE (d.ended_lane, d.ended_rail_reference) IS DISTINCT FROM (a.lane, a.rail_reference)) AS wrong
       FROM disbursement d LEFT JOIN attempt a USING (disbursement_id, attempt_no) WHERE d.ended_lane IS NOT NULL`,
  );
  expect(kept[0]!.wrong).toBe('0');
  expect(Number(kept[0]!.lines)).toBeGreaterThan(0);
}

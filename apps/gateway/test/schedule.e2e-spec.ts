import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { TOPICS } from '@gpo/messaging';
import { produce } from '../../../tools/testing/kafka-rig-spec.js';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';
import { SENDER, line, writeDirect } from './direct-rig-spec.js';

const DUE_MS = 30_000;

interface Row {
  disbursement_id: string;
  due_at: Date;
  queued_at: Date | null;
  state: string;
}

describe('lines that are scheduled for later', () => {
  let rig: PathRig;

  beforeAll(async () => {
    // A watchdog that is impatient: it must not take a schedule for a standstill.
    rig = await PathRig.start({
      env: { gateway: { WATCHDOG_INTERVAL_MS: '300', WATCHDOG_STUCK_MS: '5000' } },
    });
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  const rowsOf = async (ids: readonly string[]): Promise<Row[]> =>
    (
      await rig.sql.query<Row>(
        `SELECT d.disbursement_id, d.due_at, a.queued_at, d.state FROM disbursement d
           LEFT JOIN attempt a USING (disbursement_id) WHERE d.disbursement_id = ANY($1)`,
        [ids],
      )
    ).rows;

  it('each line waits for its own time, from REST and from Kafka, over restarts of every process, and is paid once then', async () => {
    const later = new Date(Date.now() + DUE_MS).toISOString();
    const [rest, direct] = [randomUUID(), randomUUID()];
    const lines = goodLines(4).map((one, index) =>
      index % 2 === 0 ? one : { ...one, scheduled_timestamp: index === 1 ? later : later.replace('T', ' ') },
    );
    await rig.post(message(rest, lines));
    const directLines = [line(), line({ scheduled_timestamp: later })];
    await writeDirect(rig, direct, directLines);
    const ids = [
      ...lines.map(({ reference_id }) => disbursementId('openg2p', rest, reference_id)),
      ...directLines.map(({ reference_id }) => disbursementId(SENDER, direct, reference_id)),
    ];
    const now = [ids[0]!, ids[2]!, ids[4]!];
    const scheduled = ids.filter((id) => !now.includes(id));
    await until(20_000, async () => {
      const rows = await rowsOf(now);
      return rows.length === 3 && rows.every(({ state }) => state === 'succeeded') ? true : undefined;
    });

    // Whoever may write to g2p.filtered-requests cannot have it paid before its time.
    const early = { ...lines[1]!, sender_id: 'openg2p', transaction_id: rest, disbursement_id: ids[1]! };
    await produce(rig, TOPICS.filteredRequests.name, [
      { key: ids[1]!, value: JSON.stringify({ ...early, lane: 'core-banking', attempt: 1 }) },
    ]);
    for (const name of ['gateway', 'router', 'connectors']) rig.kill(name);
    await until(20_000, async () => {
      const answer = await fetch(`${rig.gatewayUrl}/health/ready`);
      return answer.status === 200 ? true : undefined;
    });
    await sleep(Math.max(0, new Date(later).getTime() - Date.now() - 500));
    expect((await rowsOf(scheduled)).map(({ queued_at, state }) => [queued_at, state])).toEqual(
      scheduled.map(() => [null, 'received']),
    );
    expect((await rig.journal()).payments).toBe(3);
    const { rows: marks } = await rig.sql.query(
      'SELECT * FROM watchdog_mark WHERE disbursement_id = ANY($1)',
      [scheduled],
    );
    expect(marks).toEqual([]);

    await rig.settled(rest);
    await rig.settled(direct);
    const rows = await rowsOf(ids);
    expect(rows.map(({ state }) => state)).toEqual(ids.map(() => 'succeeded'));
    expect(rows.filter(({ queued_at, due_at }) => queued_at! < due_at)).toEqual([]);
    // At its time and not when somebody looks next.
    const waits = rows.map(({ queued_at, due_at }) => queued_at!.getTime() - due_at.getTime());
    expect(Math.max(...waits)).toBeLessThan(10_000);
    expect(await rig.journal()).toMatchObject({ payments: 6, double_payments: 0 });
  }, 180_000);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { csvForm } from './file.rig-spec.js';

const ROWS = 300;
let rig: PathRig;

beforeAll(async () => {
  rig = await PathRig.start({ env: { gateway: { FILE_CHUNK_ROWS: '50' } } });
}, 60_000);
afterAll(() => rig.stop(), 60_000);

async function send(
  form: FormData,
): Promise<{ status: number; body: { message: { correlation_id: string } } }> {
  const answer = await fetch(`${rig.gatewayUrl}/openg2p/v1.0.0/disburse`, {
    method: 'POST',
    headers: { Authorization: `Basic ${btoa('openg2p:openg2p')}` },
    body: form,
  });
  return { status: answer.status, body: (await answer.json()) as { message: { correlation_id: string } } };
}

const cells = ({ reference_id, payee_fa, amount, currency_code }: TestLine): string =>
  [reference_id, `"${payee_fa}"`, amount, currency_code].join(',');

/** Every row paid once and told once, and the batch complete. */
async function expectPaidOnce(
  transactionId: string,
  lines: readonly TestLine[],
  paidBefore: number,
): Promise<void> {
  await until(120_000, async () =>
    (await rig.client.batch(transactionId)).completed_at === null ? undefined : true,
  );
  const batch = await rig.settled(transactionId, 60_000);
  expect([batch.total_count, batch.states.succeeded!.count]).toEqual([lines.length, lines.length]);
  const { payments, double_payments } = await rig.journal();
  expect([payments - paidBefore, double_payments]).toEqual([lines.length, 0]);
  const told = rig.receiver.linesOf(transactionId);
  expect(lines.filter(({ reference_id }) => told.get(reference_id)?.join() !== 'succ')).toEqual([]);
  expect(rig.receiver.statusOf(transactionId)).toBe('succ');
}

describe('a CSV file posted as a form', () => {
  it('D26: is paid row by row and told by callbacks; sent again it is the same batch', async () => {
    const { payments } = await rig.journal();
    const [transactionId, lines] = [randomUUID(), goodLines(ROWS)];
    const form = (): FormData => csvForm(transactionId, lines.map(cells));
    const first = await send(form());
    expect(first.status).toBe(200);
    await expectPaidOnce(transactionId, lines, payments);
    const again = await send(form());
    expect(again.body.message.correlation_id).toBe(first.body.message.correlation_id);
    await expectPaidOnce(transactionId, lines, payments);
  }, 180_000);

  it.each(['load.before-commit', 'load.after-commit'])(
    'gateway killed at %s: the next life goes on with the next row, and each is paid once',
    async (point) => {
      const { payments } = await rig.journal();
      await rig.relaunch('gateway', { GPO_CRASH_POINT: point });
      const first = rig.apps.get('gateway')!.pid;
      const [transactionId, lines] = [randomUUID(), goodLines(ROWS)];
      // The Ack may be lost with the process: the same file again is the same file.
      await send(csvForm(transactionId, lines.map(cells))).catch(() => undefined);
      await until(20_000, () => Promise.resolve(rig.apps.get('gateway')!.pid === first ? undefined : true));
      await until(20_000, async () =>
        (await send(csvForm(transactionId, lines.map(cells)))).status === 200 ? true : undefined,
      );
      await expectPaidOnce(transactionId, lines, payments);
    },
    240_000,
  );
});

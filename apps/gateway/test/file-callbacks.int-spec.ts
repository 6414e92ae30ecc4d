import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually, type Seeded } from '../../../tools/testing/record-rig-spec.js';
import { TestReceiver, type Heard } from '../../../tools/testing/test-receiver-spec.js';
import { FileRig, csvForm, type FileGateway } from './file.rig-spec.js';

let rig: FileRig;
let gateway: FileGateway;
let receiver: TestReceiver;

beforeAll(async () => {
  rig = await FileRig.start();
  Object.assign(rig.outcome.config, { callbackRetrySeconds: [0.05], callbackChunkMs: 0 });
  rig.outcome.sender = rig.outcome.senders.get('strict')!;
  gateway = await rig.gateway();
}, 60_000);
beforeEach(async () => {
  receiver = await TestReceiver.start();
});
afterEach(() => receiver.stop());
afterAll(() => rig.stop(), 30_000);

const told = ({ message }: Heard): unknown[] => message.disbursements_status as unknown[];
const heardLines = (): number => receiver.heard.reduce((sum, call) => sum + told(call).length, 0);
const lastStatus = (): unknown => receiver.heard.at(-1)?.header.status;

async function settle(seeds: readonly Seeded[]): Promise<void> {
  for (const seed of seeds) {
    await rig.outcome.record.attempt(seed.id, 1, 'settled', { outcome_seq: 1 });
    await rig.outcome.apply(rig.outcome.claim({ ...seed, money: {} as Seeded['money'] }, 'success'));
  }
}

const HEADER = 'reference_id,payer_fa,payee_fa,amount,currency_code';
const rowOf = (line: Record<string, unknown>): string =>
  [line.reference_id, line.payer_fa, line.payee_fa, line.amount, line.currency_code].join(',');

/** A message of two lines, and a form with three more and then the same two: with three rows a chunk, the last one adds nothing. */
async function messageAndFile(transaction: string): Promise<FormData> {
  const lines = Array.from({ length: 5 }, () => rig.outcome.line() as Record<string, unknown>);
  const url = receiver.url('/on-disburse');
  await rig.outcome.intake(transaction, lines.slice(0, 2), 'rest', url);
  return csvForm(transaction, [...lines.slice(2), ...lines.slice(0, 2)].map(rowOf), {}, HEADER);
}

describe('the last callback of a batch that files belong to', () => {
  it('says that the batch is final, also where the last rows add nothing and every line was told before', async () => {
    const transaction = randomUUID();
    const form = await messageAndFile(transaction);
    expect(await gateway.send(form)).toMatchObject({ status: 200 });
    await gateway.loader.loadNext();
    await rig.outcome.calling(async () => {
      await settle(await rig.outcome.seeds(transaction));
      await eventually(
        () => Promise.resolve(heardLines()),
        (lines) => lines === 5,
      );
      expect(lastStatus()).toBe('pdng');
      await gateway.loadAll();
      await eventually(
        () => Promise.resolve(lastStatus()),
        (status) => status === 'succ',
      );
    });
    const last = receiver.heard.at(-1)!;
    expect(last.header).toMatchObject({ total_count: 5, completed_count: 5 });
    expect([told(last), heardLines()]).toEqual([[], 5]);
  });

  it('follows a file that adds nothing to a batch that was told as final: its Ack promised a callback', async () => {
    const transaction = randomUUID();
    const form = await messageAndFile(transaction);
    await rig.outcome.calling(async () => {
      expect(await gateway.send(form)).toMatchObject({ status: 200 });
      await gateway.loadAll();
      await settle(await rig.outcome.seeds(transaction));
      await eventually(
        () => Promise.resolve(lastStatus()),
        (status) => status === 'succ',
      );
      const before = receiver.heard.length;
      expect(heardLines()).toBe(5);
      const row = await rig.rows<Record<string, unknown>>(
        `SELECT d.* FROM disbursement d JOIN batch b USING (batch_id) WHERE b.transaction_id = $1 LIMIT 1`,
        [transaction],
      );
      await gateway.send(csvForm(transaction, [rowOf(row[0]!)], {}, HEADER));
      await gateway.loadAll();
      await eventually(
        () => Promise.resolve(receiver.heard.length),
        (calls) => calls > before,
      );
    });
    expect([lastStatus(), told(receiver.heard.at(-1)!)]).toEqual(['succ', []]);
  });
});

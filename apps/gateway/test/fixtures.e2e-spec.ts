import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig } from '../../../tools/testing/path-rig-spec.js';
import { hasFixtures, poll, pollGeneration1, readFixture, type Payment } from './openg2p-poll-spec.js';

const withShared = hasFixtures ? describe : describe.skip;
const expected = hasFixtures
  ? (JSON.parse(readFixture('expected.json')) as Record<string, Record<string, Expected>>)
  : {};

interface Expected {
  state: string;
  lane?: string;
  amount?: string;
}

interface Line extends Expected {
  reference_id: string;
}

withShared('bodies that deployed OpenG2P clients send (skipped without the shared folder)', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  it.each(Object.keys(expected))(
    '%s is acknowledged and every line ends in its expected state, told by callback and by its poll',
    async (name) => {
      const body = readFixture(name);
      const { message } = JSON.parse(body) as { message: { transaction_id: string } };
      const answer = await rig.post(body);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({ message: { ack_status: 'ACK' } });
      const batch = await rig.settled(message.transaction_id);
      const page = await fetch(
        `${rig.gatewayUrl}/api/v1/batches/${batch.batch_id}/disbursements?limit=1000`,
        {
          headers: { Authorization: 'Bearer auditor-dev-key' },
        },
      );
      const { disbursements } = (await page.json()) as { disbursements: Line[] };
      const found = Object.fromEntries(
        disbursements.map(({ reference_id, state, lane, amount }) => [
          reference_id,
          state === 'malformed' ? { state } : { state, lane, amount },
        ]),
      );
      const wanted = Object.fromEntries(
        Object.entries(expected[name]!).map(([reference, { state, lane, amount }]) => [
          reference,
          state === 'malformed' ? { state } : { state, lane, amount },
        ]),
      );
      expect(found).toEqual(wanted);
      const told = rig.receiver.linesOf(message.transaction_id);
      expect(Object.fromEntries([...told].map(([reference, statuses]) => [reference, statuses]))).toEqual(
        Object.fromEntries(
          Object.entries(wanted).map(([reference, { state }]) => [
            reference,
            [state === 'succeeded' ? 'succ' : 'rjct'],
          ]),
        ),
      );
      // The same by the poll of the client, which knows paid and failed only.
      const payments = new Map(Object.keys(wanted).map((reference): [string, Payment] => [reference, {}]));
      const polled = await rig.post(poll([...payments.keys()]), '/disburse/txn/status');
      const answered = (await polled.json()) as { message: unknown };
      pollGeneration1({ status: polled.status, body: answered }, payments);
      expect(Object.fromEntries([...payments].map(([reference, { status }]) => [reference, status]))).toEqual(
        Object.fromEntries(
          Object.entries(wanted).map(([reference, { state }]) => [
            reference,
            state === 'succeeded' ? 'paid' : 'failed',
          ]),
        ),
      );
    },
    60_000,
  );

  it('the status poll of OpenG2P 17.0 gets a list with succ for every paid reference', async () => {
    const answer = await rig.post(readFixture('openg2p-gen1b-status.json'), '/disburse/txn/status');
    const { message } = (await answer.json()) as {
      message: { txnstatus_response: { txn_status: Record<string, string>[] } };
    };
    const list = message.txnstatus_response.txn_status;
    expect(Array.isArray(list)).toBe(true);
    expect(list.map(({ status }) => status)).toEqual(['succ', 'succ', 'succ']);
    expect(list.every(({ reference_id }) => typeof reference_id === 'string')).toBe(true);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../../tools/testing/record-rig-spec.js';
import { TestReceiver } from '../../../tools/testing/test-receiver-spec.js';
import { insertCallback } from '../src/callback/callback.repository.js';
import { SLOTS_OF_RECEIVER } from '../src/callback/receiver-slots.js';
import { OutcomeRig } from './outcome.rig-spec.js';

const RECEIVERS = 100;
const HUNG = 10;
const EACH = 20;

let rig: OutcomeRig;
let receiver: TestReceiver;

beforeAll(async () => {
  rig = await OutcomeRig.start();
}, 60_000);
beforeEach(async () => {
  await rig.record.clear();
  receiver = await TestReceiver.start();
  receiver.reply = ({ path }) => (path.startsWith('/hung') ? 'hang' : 200);
});
afterEach(() => receiver.stop());
afterAll(() => rig.stop());

/** A callback to the receiver of this name: a sender of its own, so a queue of its own. */
async function add(name: string): Promise<string> {
  const callbackId = randomUUID();
  await insertCallback(rig.record.dataSource, {
    callbackId,
    senderId: name,
    verb: 'on-search',
    url: receiver.url(`/${name}/on-search`),
    questionId: randomUUID(),
    version: 1,
    body: JSON.stringify({ header: { message_id: callbackId }, message: {} }),
    items: 0,
  });
  return callbackId;
}

/** Longest time from due to delivered of the callbacks that are delivered, in seconds. */
async function longestLag(): Promise<number> {
  const [row] = await rig.record.rows<{ lag: string }>(
    'SELECT max(extract(epoch FROM delivered_at - created_at)) AS lag FROM callback',
  );
  return Number(row!.lag);
}

const undelivered = (): Promise<{ sender_id: string; tries: number }[]> =>
  rig.record.rows('SELECT sender_id, tries FROM callback WHERE delivered_at IS NULL');
const healthyLeft = async (): Promise<number> =>
  (await undelivered()).filter(({ sender_id }) => sender_id.startsWith('good')).length;

describe('receivers are kept apart', () => {
  it('10 of 100 receivers hang: they fill their own slots only, and every callback of the others is delivered meanwhile', async () => {
    Object.assign(rig.config, { callbackTimeoutMs: 60_000 });
    for (let index = 0; index < RECEIVERS * EACH; index += 1) {
      const no = index % RECEIVERS;
      await add(no < HUNG ? `hung${no}` : `good${no}`);
    }
    await rig.record.rows('UPDATE callback SET created_at = now(), next_at = now()');
    await rig.calling(async () => {
      await eventually(healthyLeft, (left) => left === 0, 30_000);
      expect(await healthyLeft()).toBe(0);
      // Nobody was let go by its time limit, so nobody waited for that; what hangs holds its own slots and no more.
      await eventually(
        () => Promise.resolve(receiver.hung),
        (hung) => hung === HUNG * SLOTS_OF_RECEIVER,
      );
      expect(receiver.hung).toBe(HUNG * SLOTS_OF_RECEIVER);
      expect((await undelivered()).filter(({ tries }) => tries > 0)).toHaveLength(HUNG * SLOTS_OF_RECEIVER);
      const together = await longestLag();
      await rig.record.rows('DELETE FROM callback WHERE delivered_at IS NOT NULL');
      for (let no = HUNG; no < RECEIVERS; no += 1) await add(`good${no}`);
      await eventually(healthyLeft, (open) => open === 0, 10_000);
      const oneByOne = await longestLag();
      process.stderr.write(
        `lag of healthy receivers while ${HUNG} of ${RECEIVERS} hang: ${together.toFixed(2)} s with ${EACH} due at once ` +
          `for each, ${oneByOne.toFixed(2)} s with one\n`,
      );
      expect(oneByOne).toBeLessThan(3);
      await receiver.stop();
    });
  }, 90_000);

  it('a receiver that did not answer is called by one connection, until it answers again', async () => {
    Object.assign(rig.config, { callbackTimeoutMs: 400, callbackRetrySeconds: Array<number>(50).fill(0.1) });
    for (let index = 0; index < EACH; index += 1) await add('hung0');
    await rig.calling(async () => {
      await eventually(
        () => Promise.resolve(receiver.heard.length),
        (heard) => heard > SLOTS_OF_RECEIVER + 2,
      );
      expect(receiver.hung).toBeLessThanOrEqual(1);
      receiver.reply = () => 200;
      const left = await eventually(undelivered, (open) => open.length === 0, 15_000);
      expect(left).toEqual([]);
    });
  }, 30_000);

  it('two addresses of one sender on different hosts do not wait for each other', async () => {
    Object.assign(rig.config, { callbackTimeoutMs: 60_000 });
    for (let index = 0; index < EACH; index += 1) await add('hung0');
    const callbackId = randomUUID();
    await insertCallback(rig.record.dataSource, {
      callbackId,
      senderId: 'hung0',
      verb: 'on-status',
      url: receiver.url('/txn/on-status').replace('127.0.0.1', 'localhost'),
      questionId: randomUUID(),
      version: 1,
      body: JSON.stringify({ header: { message_id: callbackId }, message: {} }),
      items: 0,
    });
    await rig.calling(async () => {
      const delivered = (): Promise<unknown[]> =>
        rig.record.rows('SELECT FROM callback WHERE callback_id = $1 AND delivered_at IS NOT NULL', [
          callbackId,
        ]);
      expect(await eventually(delivered, (rows) => rows.length === 1)).toHaveLength(1);
      await receiver.stop();
    });
  }, 30_000);
});

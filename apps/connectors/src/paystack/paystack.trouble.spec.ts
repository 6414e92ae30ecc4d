import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { LaneStopped } from '../rail-error.js';
import { ctx, instruction, PaystackRig, until } from './paystack.rig-spec.js';

const rig = new PaystackRig();
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('trouble of the lane at Paystack', () => {
  it('an empty balance stops the lane until there are funds; the same id is then paid', async () => {
    const lane = rig.lane();
    const item = instruction('0129990009');
    await expect(lane.connector.submit([item], ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    await expect(lane.connector.health(ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    await rig.admin('faults/funds', { provider: lane.account, ok: true });
    await lane.connector.health(ctx);
    await lane.connector.submit([item], ctx);
    await until(lane, item.railId, 'settled');
  });

  it('a wrong key stops the lane, for payments, recipients, queries and the probe', async () => {
    const { connector } = rig.lane({ secretKey: 'sk_wrong' });
    const calls: (() => Promise<unknown>)[] = [
      () => connector.submit([instruction()], ctx),
      () => connector.query([{ railId: randomUUID() }], ctx),
      () => connector.health(ctx),
    ];
    for (const call of calls) {
      const refused = call();
      await expect(refused).rejects.toBeInstanceOf(LaneStopped);
      await expect(refused).rejects.toMatchObject({ kind: 'auth' });
    }
  });

  it('a one-time password that nobody types stops the lane until it is typed and turned off', async () => {
    const lane = rig.lane();
    await rig.owner(lane.account, '/transfer/enable_otp', {});
    const item = instruction();
    const [waiting] = await lane.connector.submit([item], ctx);
    expect(waiting).toMatchObject({ kind: 'accepted', laneTrouble: { kind: 'configuration' } });
    await expect(lane.connector.health(ctx)).rejects.toMatchObject({ kind: 'configuration' });
    await rig.owner(lane.account, '/transfer/disable_otp_finalize', { otp: '1' });
    if (waiting?.kind !== 'accepted') throw new Error('not accepted');
    await rig.owner(lane.account, '/transfer/finalize_transfer', {
      transfer_code: waiting.railReference,
      otp: '1',
    });
    await lane.connector.health(ctx);
    await until(lane, item.railId, 'settled');
  });

  it('a bulk request that would need a one-time password stops the lane and moves nothing', async () => {
    const lane = rig.lane({ bulkMax: 10 });
    await rig.owner(lane.account, '/transfer/enable_otp', {});
    const items = [instruction(), instruction()];
    const results = await lane.connector.submit(items, ctx);
    expect(results.map((result) => result.kind === 'error' && result.error)).toEqual([
      expect.objectContaining({ kind: 'configuration' }),
      expect.objectContaining({ kind: 'configuration' }),
    ]);
    expect(await rig.paid(items[0]!)).toBe(0);
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { wakeRailIds } from '../src/connect/attempt.repository.js';
import { ConnectRig } from './connect.rig-spec.js';

describe('what the rail tells while it is asked', () => {
  let rig: ConnectRig;
  beforeAll(async () => {
    rig = await ConnectRig.start();
  }, 60_000);
  afterAll(() => rig.stop());

  it.each(['accepted', 'unknown', 'settled'] as const)(
    'a callback that comes while the rail is asked is not overwritten by %s, which may be older',
    async (kind) => {
      const { id } = await rig.record.disbursement();
      const past = new Date(Date.now() - 60_000);
      const sent = { sends: 1, lease_token: 1, first_send_at: past, send_by: past, next_at: past };
      await rig.record.attempt(id, 1, 'accepted', sent);
      const [taken] = await rig.takeOver();
      const { rail_id } = (await rig.record.attemptRow(id))!;
      expect((await wakeRailIds(rig.record.dataSource, 'a', [rail_id])).size).toBe(1);
      await rig.write(taken!, { kind, lookAgainMs: 600_000 });
      expect((await rig.record.attemptRow(id))!.next_at!.getTime()).toBeLessThanOrEqual(Date.now());
      await rig.takeOver();
      await rig.write({ ...taken!, token: '3' }, { kind: 'accepted', lookAgainMs: 600_000 });
      expect((await rig.record.attemptRow(id))!.next_at!.getTime()).toBeGreaterThan(Date.now());
    },
  );
});

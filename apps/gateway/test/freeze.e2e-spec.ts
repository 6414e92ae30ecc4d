import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PathRig, goodLines, message, until } from '../../../tools/testing/path-rig-spec.js';

describe('a process that is stopped and goes on', () => {
  it('connectors frozen between claim and rail call beyond its lease, while another runs: paid once', async () => {
    const rig = await PathRig.start({
      leaseMs: 2500,
      env: { connectors: { GPO_FREEZE_POINT: 'submit.before-send' } },
    });
    try {
      const [transactionId, lines] = [randomUUID(), goodLines(100)];
      await rig.post(message(transactionId, lines));
      await until(20_000, async () => {
        const { rows } = await rig.sql.query(`SELECT FROM attempt WHERE state = 'sending' LIMIT 1`);
        return rows.length > 0 ? true : undefined;
      });
      await rig.launchSecondConnectors();
      const batch = await rig.settled(transactionId, 90_000);
      expect(batch.states.succeeded!.count).toBe(100);
      rig.kill('connectors', 'SIGCONT');
      // Time for the frozen process to do what it was about to do.
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const { payments, double_payments } = await rig.journal();
      expect({ payments, double_payments }).toEqual({ payments: 100, double_payments: 0 });
    } finally {
      await rig.stop();
    }
  }, 180_000);
});

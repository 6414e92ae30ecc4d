import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';
import { ROUTER, expectBooksAgree, gpo, idOf, line, untilState } from './on-hold-rig-spec.js';

describe('a gateway that dies around a release', () => {
  it.each(['release.before-send', 'release.after-send'])(
    '%s: what was released is paid, once',
    async (point) => {
      const rig = await PathRig.start({ env: { router: ROUTER, gateway: { GPO_CRASH_POINT: point } } });
      try {
        const [transactionId, lines] = [randomUUID(), Array.from({ length: 5 }, () => line('200000.00'))];
        await rig.post(message(transactionId, lines));
        await untilState(rig, transactionId, 'on_hold', lines.length);
        const first = rig.apps.get('gateway')!.pid;
        for (const one of lines) {
          const words = ['hold', 'release', idOf(transactionId, one), '--reason', 'all in order'];
          // The gateway may be away for a moment, or the answer may be lost with it: then it is "too late".
          await until(30_000, async () => {
            const { code, error } = await gpo(rig, ...words);
            return code === 0 || error.includes('too_late') ? true : undefined;
          });
        }
        await until(20_000, () => Promise.resolve(rig.apps.get('gateway')!.pid === first ? undefined : true));
        const batch = await rig.settled(transactionId, 90_000);
        expect(batch.states.succeeded!.count).toBe(lines.length);
        expect(await rig.journal()).toMatchObject({ payments: lines.length, double_payments: 0 });
        await expectBooksAgree(rig);
      } finally {
        await rig.stop();
      }
    },
    150_000,
  );
});

import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PathRig, message, type TestLine } from '../../../tools/testing/path-rig-spec.js';

interface SendersFile {
  senders: { id: string; callback_url?: string; duplicate_payee?: unknown }[];
}

const line = (payee: string): TestLine => ({
  reference_id: randomUUID(),
  payee_fa: payee,
  amount: '50.00',
  currency_code: 'KES',
});

describe('a payee who is paid by another disbursement at about the same time', () => {
  it.each([
    ['the shipped rules pay it all the same', undefined, 'succeeded'],
    [
      'the rules of nussknacker/examples/duplicate-payee refuse it',
      'nussknacker/examples/duplicate-payee',
      'malformed',
    ],
  ])(
    'is flagged, and %s',
    async (_what, scenarios, state) => {
      const dir = mkdtempSync(join(tmpdir(), 'gpo-duplicate-'));
      const file = JSON.parse(readFileSync('examples/senders.json', 'utf8')) as SendersFile;
      const [openg2p] = file.senders;
      openg2p!.duplicate_payee = { window_days: 20, scope: 'sender' };
      delete openg2p!.callback_url;
      writeFileSync(join(dir, 'senders.json'), JSON.stringify(file));
      const rig = await PathRig.start({
        env: {
          gateway: { SENDERS_FILE: join(dir, 'senders.json') },
          ...(scenarios === undefined ? {} : { router: { SCENARIOS_DIR: scenarios } }),
        },
      });
      try {
        const [first, again] = [line('account_no:77@Bank'), line('ACCOUNT_NO:77@BANK')];
        const other = line('account_no:78@BANK');
        const [one, two] = [randomUUID(), randomUUID()];
        await rig.post(message(one, [first]));
        expect((await rig.settled(one)).states.succeeded!.count).toBe(1);
        await rig.post(message(two, [again, other]));
        const batch = await rig.settled(two);
        expect(batch.states[state]!.count).toBe(state === 'succeeded' ? 2 : 1);
        const answer = await fetch(`${rig.gatewayUrl}/api/v1/batches/${batch.batch_id}/disbursements`, {
          headers: { Authorization: 'Bearer auditor-dev-key' },
        });
        const { disbursements } = (await answer.json()) as { disbursements: Record<string, unknown>[] };
        expect(disbursements).toEqual([
          expect.objectContaining({
            state,
            reason: state === 'malformed' ? 'rjct.payee_fa.duplicate' : null,
            duplicate_payee_of: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
          }),
          expect.objectContaining({ state: 'succeeded', duplicate_payee_of: null }),
        ]);
        const metrics = await (await fetch(`${rig.gatewayUrl}/metrics`)).text();
        expect(metrics).toMatch(/^gpo_intake_duplicate_payee_total\{sender="openg2p"\} 1$/m);
        expect((await rig.journal()).payments).toBe(state === 'succeeded' ? 3 : 2);
      } finally {
        await rig.stop();
        rmSync(dir, { recursive: true, force: true });
      }
    },
    90_000,
  );
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { decisionOf, queryOne, submitOne, untilKind } from '../conformance/rig-spec.js';
import { wordParts } from '../conformance/words.part-spec.js';
import { factOfAbsence } from '../connect/absence.js';
import type { LeasedAttempt } from '../connect/attempt.repository.js';
import type { Instruction } from '../connector.js';
import { LaneStopped } from '../rail-error.js';
import { booking, notification, report } from './iso20022.bank-spec.js';
import { ctx } from './iso20022.lane-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { messageIdOf, ScriptedBank, type BankLane } from './scripted-bank-spec.js';
import { PASSWORD, type StepFault } from './sftp-server-spec.js';
import { hasSchemas, XsdJudge } from './xsd-judge-spec.js';

const STEPS = ['open-write', 'rename', 'remove', 'list'] as const;
const FAULTS: readonly StepFault[] = ['drop-before', 'drop-after', 'no-answer', { status: 4 }];

describe('iso20022 conforms', () => {
  const bank = new ScriptedBank();
  beforeAll(() => bank.start());
  afterAll(() => bank.stop());
  const calm = (): void => void (bank.server.fault = () => undefined);
  /** The n-th of these steps from now meets the fault. */
  const arm = (step: string, fault: StepFault, n = 1): void => {
    let left = n;
    bank.server.fault = (name) => (name === step && (left -= 1) === 0 ? fault : undefined);
  };
  const errors: string[] = [];
  /** Sends and asks as the connect step does, until the bank has it: an absent one is sent again, others wait. */
  const untilSent = async (lane: BankLane, item: Instruction): Promise<string> => {
    for (let tries = 0; tries < 5; tries += 1) {
      const answer = await submitOne(lane, item);
      if (answer.kind === 'thrown') errors.push(`${String(answer.error)} ${String(answer.error.cause)}`);
      const [kind] = await lane.rig.kinds(item).catch(() => ['unknown']);
      if (kind !== 'absent') return kind!;
    }
    throw new Error('never sent');
  };

  wordParts(bank);

  (hasSchemas() ? describe : describe.skip)('3. official checker (skipped without the shared folder)', () => {
    it('refuses a planted file, and then agrees with every file that the bank has collected', () => {
      const judge = new XsdJudge('pain.001');
      const [first = ''] = bank.collected;
      expect(judge.complaints(first.replace('<PmtMtd>TRF', '<PmtMtd>CASH'))).not.toEqual([]);
      for (const text of bank.collected) expect(judge.complaints(text)).toEqual([]);
      expect(bank.collected.length).toBeGreaterThan(50);
      judge.close();
    });
  });

  describe('4. the same rail id', () => {
    it('submitted twice in series and eight times in parallel is in one file', async () => {
      const lane = bank.lane();
      const [first, second] = [bank.instruction(), bank.instruction()];
      await submitOne(lane, first);
      await submitOne(lane, first);
      await Promise.all(Array.from({ length: 8 }, () => submitOne(lane, second)));
      await untilKind(lane, first, 'settled');
      await submitOne(lane, first);
      expect([first, second].map((item) => bank.times(item))).toEqual([1, 1]);
    });
  });

  describe('5. broken connections', () => {
    it.each(STEPS.flatMap((step) => FAULTS.map((fault) => [step, fault] as const)))(
      '%s meets %j: in the end in one file, and paid once',
      async (step, fault) => {
        const lane = bank.lane();
        const item = bank.instruction();
        if (step === 'list' || step === 'remove') {
          arm('rename', 'drop-before');
          await submitOne(lane, item);
        }
        arm(step, fault);
        const answer = await submitOne(lane, item);
        if (answer.kind === 'thrown') errors.push(`${String(answer.error)} ${String(answer.error.cause)}`);
        calm();
        await untilSent(lane, item);
        await untilKind(lane, item, 'settled');
        expect(bank.times(item)).toBe(1);
      },
      30_000,
    );

    it('whatever happens in whatever order, over several processes: nobody is in two files, nobody is lost', async () => {
      const action = fc.oneof(
        fc.record({
          kind: fc.constant('submit' as const),
          items: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
          step: fc.constantFrom(...STEPS),
          fault: fc.constantFrom(undefined, ...FAULTS.filter((one) => one !== 'no-answer')),
          process: fc.integer({ min: 0, max: 1 }),
        }),
        fc.record({ kind: fc.constant('collect' as const) }),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
          const files = new MemoryBankFiles();
          const lane = bank.lane({}, files);
          const same = { ordersFolder: lane.orders, answersFolder: lane.answers };
          const processes = [lane.rig, lane.rig.beside(same)];
          const items = [0, 1, 2, 3].map(() => bank.instruction());
          for (const one of actions) {
            if (one.kind === 'collect') {
              for (const name of bank.server.names(lane.orders).filter((name) => name.endsWith('.xml')))
                bank.collect(lane, name);
              continue;
            }
            if (one.fault !== undefined) arm(one.step, one.fault);
            await processes[one.process]!.submit(...one.items.map((index) => items[index]!));
            calm();
          }
          for (const item of items) await untilSent(lane, item);
          expect(items.map((item) => bank.times(item))).toEqual([1, 1, 1, 1]);
          await processes[1]!.connector.close();
        }),
        { numRuns: 60 },
      );
    }, 240_000);
  });

  describe('6. unknown outcomes', () => {
    it('a query finds it there, or absent, and the bank’s word decides it', async () => {
      const lane = bank.lane();
      const item = bank.instruction();
      arm('rename', 'drop-after');
      expect(decisionOf(await submitOne(lane, item))).toBe('unknown');
      calm();
      await untilKind(lane, item, 'settled');
      expect((await queryOne(lane, bank.instruction())).kind).toBe('absent');
    });

    it('an absence is acted on only after the time that the manifest names, and never without a duplicate check', () => {
      const { manifest } = bank.lane().connector;
      const at = (ms: number): Date => new Date(1_800_000_000_000 + ms);
      const attempt = (takenMs: number): LeasedAttempt => ({
        ...{ disbursementId: 'd', attemptNo: 1, lane: 'l', state: 'unknown', token: '1', railId: 'r' },
        ...{ railReference: null, railHandle: null, sends: 1, queries: 1, throttles: 0, resolvedAt: null },
        ...{ sendBy: at(0), firstSendAt: at(-1_000), takenAt: at(takenMs), instruction: bank.instruction() },
      });
      const margin = { leaseMarginMs: 0 };
      expect(factOfAbsence(attempt(-1), manifest, margin).kind).toBe('unknown');
      expect(factOfAbsence(attempt(1), manifest, margin).kind).toBe('requeued');
      expect(factOfAbsence(attempt(1), { ...manifest, duplicate: 'none' }, margin).kind).toBe('review');
    });
  });

  describe('7. what the bank tells by itself', () => {
    it('twice, out of order, for strangers and for another file: each item rises only by its own words', async () => {
      const lane = bank.lane();
      const item = bank.instruction();
      await submitOne(lane, item);
      const [name = ''] = bank.server.names(lane.orders);
      const messageId = messageIdOf(bank.collect(lane, name));
      const railIds = [item.railId];
      bank.answer(lane, report({ messageId: 'another', items: [['RJCT', 'AC04']], railIds }));
      expect((await queryOne(lane, item)).kind).toBe('accepted');
      bank.answer(lane, notification(booking({ railId: item.railId, side: 'CRDT', reason: 'AC04' })));
      expect((await queryOne(lane, item)).kind).toBe('returned');
      const late = [
        report({ messageId, items: [['ACSP']], railIds }),
        report({ messageId, file: ['RJCT', 'FF01'] }),
        notification(booking({ railId: item.railId }), booking({ railId: randomUUID() })),
      ];
      for (const text of [...late, ...late]) bank.answer(lane, text);
      expect((await queryOne(lane, item)).kind).toBe('returned');
      const foreign = { method: 'POST', path: '/', headers: {}, body: Buffer.from(item.railId) };
      expect(lane.connector.parseInbound(foreign)).toEqual({ wake: [], outcomes: [] });
    });
  });

  describe('8. credentials', () => {
    it('refused credentials stop the lane and pay nobody; the probe says when it is over', async () => {
      const lane = bank.lane();
      const item = bank.instruction();
      bank.server.refuseLogin = true;
      const answer = await submitOne(lane, item);
      bank.server.refuseLogin = false;
      expect(decisionOf(answer)).toBe('auth');
      if (answer.kind === 'thrown') errors.push(`${String(answer.error)} ${String(answer.error.cause)}`);
      expect(bank.times(item)).toBe(0);
      await lane.connector.health(ctx);
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
    });

    it('an empty account of the payer stops the lane, also for the probe', async () => {
      const lane = bank.lane();
      await bank.say(lane, 'AM04');
      const item = bank.instruction();
      await submitOne(lane, item);
      expect(await queryOne(lane, item)).toMatchObject({ kind: 'rejected', retryable: true });
      expect(lane.rig.stops).toMatchObject([{ kind: 'payer_funds' }]);
      await expect(lane.connector.health(ctx)).rejects.toBeInstanceOf(LaneStopped);
    });
  });

  describe('9. files of many', () => {
    it.each(['fewer', 'more', 'reordered'])(
      'a report of %s items: each has one outcome, those left out wait',
      async (how) => {
        const lane = bank.lane();
        const items = Array.from({ length: 6 }, () => bank.instruction());
        const results = await lane.connector.submit(items, ctx);
        expect(results.map(({ railId }) => railId).sort()).toEqual(items.map(({ railId }) => railId).sort());
        const [name = ''] = bank.server.names(lane.orders);
        const messageId = messageIdOf(bank.collect(lane, name));
        const all = items.map(({ railId }) => railId);
        const railIds =
          how === 'fewer'
            ? all.slice(1)
            : how === 'more'
              ? [...all, all[0]!, randomUUID()]
              : all.toReversed();
        bank.answer(lane, report({ messageId, items: railIds.map(() => ['RJCT', 'AC04']), railIds }));
        await queryOne(lane, items[0]!);
        expect(await lane.rig.kinds(...items)).toEqual([
          how === 'fewer' ? 'accepted' : 'rejected',
          ...Array<string>(5).fill('rejected'),
        ]);
      },
    );
  });

  describe('10. (in part) what errors say', () => {
    it('no error, alarm or stop of this run holds a secret, a name or the number of an account', () => {
      expect(errors.length).toBeGreaterThan(5);
      const item = bank.instruction();
      for (const secret of [PASSWORD, item.payee.id, 'NL41MOCK', item.payeeName!])
        expect(errors.join(' ')).not.toContain(secret);
    });
  });
});

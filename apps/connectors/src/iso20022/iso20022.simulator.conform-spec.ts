import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Instruction } from '../connector.js';
import { LaneStopped, OutcomeUnknown } from '../rail-error.js';
import { ctx, type RigLane } from './iso20022.lane-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { SimulatedBank } from './simulated-bank-spec.js';
import { hasSchemas, XsdJudge } from './xsd-judge-spec.js';

const bank = new SimulatedBank();

/** Submits until nothing more is to be sent, as the connect step does. */
async function send(lane: RigLane, ...items: Instruction[]): Promise<string[]> {
  const errors: string[] = [];
  for (let tries = 0; tries < 5; tries += 1) {
    const results = await lane.submit(...items);
    if (Array.isArray(results)) return errors;
    errors.push(results.constructor.name);
    if (results instanceof OutcomeUnknown) return errors;
  }
  throw new Error(`never sent: ${errors.join(', ')}`);
}

describe('iso20022 and the bank of the rail simulator', () => {
  beforeAll(() => bank.start(), 30_000);
  afterAll(() => bank.stop(), 30_000);

  describe('payees that make trouble', () => {
    it.each([
      ['1000001', 'settled', ['booked']],
      ['9990001', 'rejected', ['refused']],
      ['9990003', 'settled', ['booked']],
      ['9990006', 'returned', ['returned']],
      ['9990008', 'rejected', ['refused']],
      ['9990012', 'settled', ['booked']],
      ['9990013', 'rejected', ['refused']],
      ['9990014', 'rejected', ['refused']],
    ])('…%s ends %s, and the books say the same', async (ending, kind, states) => {
      const lane = bank.lane();
      const item = bank.instruction(ending);
      expect(await send(lane, item)).toEqual([]);
      await bank.until(lane, kind, item);
      expect(await bank.states(item)).toEqual(states);
      expect(lane.alarms).toEqual([]);
    });

    it.each([
      ['9990008', 'ED05'],
      ['9990014', 'AB05'],
    ])('…%s is refused once with %s, and a second attempt is paid', async (ending, code) => {
      const lane = bank.lane();
      const first = bank.instruction(ending);
      await send(lane, first);
      await bank.until(lane, 'rejected', first);
      const [answer] = await lane.connector.query([first], ctx);
      expect(answer).toMatchObject({ retryable: true, rawCode: code });
      const { disbursementId } = first;
      const second = bank.instruction(ending, { disbursementId, attempt: 2 });
      await send(lane, second);
      await bank.until(lane, 'settled', second);
      expect(await bank.states(first)).toEqual(['refused', 'booked']);
    });

    it.each(['9990002', '9990010'])(
      '…%s: paid without an answer to the rename, found by query',
      async (ending) => {
        const lane = bank.lane();
        const item = bank.instruction(ending);
        expect(await send(lane, item)).toEqual([OutcomeUnknown.name]);
        await bank.until(lane, 'settled', item);
        expect(await bank.states(item)).toEqual(['booked']);
      },
    );

    it.each([
      ['9990004', 2],
      ['9990005', 2],
      ['9990011', 1],
    ])('…%s: the connection is lost before the rename %i times, then paid once', async (ending, times) => {
      const lane = bank.lane();
      const item = bank.instruction(ending);
      // Without an answer to the rename nobody knows; the connector finds its temporary file, and sends again.
      for (let lost = 0; lost < times; lost += 1) {
        expect(await send(lane, item)).toEqual([OutcomeUnknown.name]);
        expect(await lane.kinds(item)).toEqual(['absent']);
      }
      expect(await send(lane, item)).toEqual([]);
      await bank.until(lane, 'settled', item);
      expect(await bank.states(item)).toEqual(['booked']);
    });

    it('…9990009: everybody of that file is refused for want of funds, nobody for good, until the account is filled', async () => {
      const lane = bank.lane();
      const [poor, other] = [bank.instruction('9990009'), bank.instruction()];
      await send(lane, poor, other);
      await bank.until(lane, 'rejected', poor, other);
      expect(await lane.connector.query([other], ctx)).toMatchObject([{ retryable: true, rawCode: 'AM04' }]);
      expect(lane.stops).toMatchObject([{ kind: 'payer_funds' }]);
      await bank.ask('faults/funds', { provider: lane.customer, ok: true });
      const again = [poor, other].map(({ disbursementId }, index) =>
        bank.instruction(index === 0 ? '9990009' : undefined, { disbursementId, attempt: 2 }),
      );
      await send(lane, ...again);
      await bank.until(lane, 'settled', ...again);
    });
  });

  it('a file of many: one entry each, and every item ends by its own word', async () => {
    const lane = bank.lane();
    const items = Array.from({ length: 200 }, (_, index) =>
      bank.instruction(index === 50 ? '9990001' : index === 60 ? '9990013' : String(2_000_000 + index)),
    );
    const before = await bank.summary();
    await send(lane, ...items);
    const refused = [items[50]!, items[60]!];
    await bank.until(lane, 'rejected', ...refused);
    await bank.until(lane, 'settled', ...items.filter((item) => !refused.includes(item)));
    const after = await bank.summary();
    expect(after.payments - before.payments).toBe(198);
    expect(after.double_payments).toBe(0);
    expect(BigInt(after.amount_minor.KES!) - BigInt(before.amount_minor.KES ?? 0)).toBe(198n * 1_050n);
    const entries = bank.answers(lane.customer).flatMap(({ text }) => text.match(/<Ntry>/g) ?? []);
    expect(entries).toHaveLength(198);
  });

  describe('the same again', () => {
    it('a file whose record is lost is refused by its message id, and nobody is paid twice', async () => {
      const lane = bank.lane();
      const item = bank.instruction();
      await send(lane, item);
      await bank.until(lane, 'settled', item);
      await send(bank.lane(lane.customer), item);
      await bank.untilAnswered(lane.customer, '<Cd>DU01</Cd>');
      expect(await bank.states(item)).toEqual(['booked']);
    });

    it('an item in a second file is refused by its EndToEndId, and nobody is paid twice', async () => {
      const lane = bank.lane();
      const [item, other] = [bank.instruction(), bank.instruction()];
      await send(lane, item);
      await bank.until(lane, 'settled', item);
      await send(bank.lane(lane.customer), item, other);
      await bank.untilAnswered(lane.customer, '<Cd>AM05</Cd>');
      expect(await bank.states(item)).toEqual(['booked', 'refused']);
    });

    it('the books notice a second attempt at one payee that was paid: the stand-in can see a double', async () => {
      const lane = bank.lane();
      const item = bank.instruction();
      await send(lane, item);
      await bank.until(lane, 'settled', item);
      const before = (await bank.summary()).double_payments;
      const second = bank.instruction(undefined, { disbursementId: item.disbursementId, attempt: 2 });
      await send(lane, second);
      await bank.until(lane, 'settled', second);
      expect((await bank.summary()).double_payments - before).toBe(1);
    });
  });

  describe('a process that ends', () => {
    it('another one finds its books: what was due is booked once, answers that were lost are written again', async () => {
      const lane = bank.lane();
      const [slow, paid] = [bank.instruction('9990003'), bank.instruction()];
      await send(lane, paid);
      await bank.until(lane, 'settled', paid);
      await send(lane, slow);
      await bank.untilAnswered(lane.customer, '<PmtInfSts>ACSP');
      const before = bank.answers(lane.customer);
      const lost = before.at(-1)!;
      await bank.restart(() => rmSync(join(bank.data, 'bank', lane.customer, 'out', lost.name)));
      expect(bank.answers(lane.customer)).toContainEqual(lost);
      const again = bank.lane(lane.customer, lane.files as MemoryBankFiles);
      await bank.until(again, 'settled', slow, paid);
      expect([await bank.states(slow), await bank.states(paid)]).toEqual([['booked'], ['booked']]);
    });
  });

  describe('the server', () => {
    it('refuses another password, and shows a customer nothing of another', async () => {
      const [lane, other] = [bank.lane(), bank.lane()];
      await send(lane, bank.instruction());
      await bank.untilAnswered(lane.customer, 'BkToCstmrDbtCdtNtfctn');
      expect(await other.collect()).toBe(false);
      expect(bank.answers(other.customer)).toEqual([]);
      const stranger = bank.lane('../c1');
      await expect(stranger.connector.health(ctx)).rejects.toBeInstanceOf(LaneStopped);
    });
  });

  (hasSchemas() ? describe : describe.skip)(
    'the published schemas (skipped without the shared folder)',
    () => {
      it('refuse a planted fault, and then agree with every answer that the bank wrote here', () => {
        const judges = { pain002: new XsdJudge('pain.002'), camt054: new XsdJudge('camt.054') };
        const kindOf = (name: string): keyof typeof judges =>
          name.includes('pain002') ? 'pain002' : 'camt054';
        const answers = bank.customers.flatMap((customer) => bank.answers(customer));
        for (const kind of ['pain002', 'camt054'] as const) {
          const good = answers.filter(({ name }) => kindOf(name) === kind);
          expect(good.length).toBeGreaterThan(10);
          const planted = good[0]!.text.replace(/<MsgId>[^<]*</, `<MsgId>${'x'.repeat(36)}<`);
          expect(judges[kind].complaints(planted)).not.toEqual([]);
          for (const { text } of good) expect(judges[kind].complaints(text)).toEqual([]);
          judges[kind].close();
        }
      });
    },
  );
});

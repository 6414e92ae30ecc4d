import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { eventually } from '../../../../tools/testing/record-rig-spec.js';
import { ConnectRig } from '../../test/connect.rig-spec.js';
import { BankPath, PAYERS, type Sent } from './bank-path-spec.js';
import { endToEndId } from './iso20022.mapping.js';
import { MockBank, mockBankMissing } from './mock-bank-spec.js';
import { hasSchemas, XsdJudge } from './xsd-judge-spec.js';

const missing = mockBankMissing();
const PAYEES = {
  elsewhere: 'NL30MOCK0000000005',
  closed: 'NL84MOCK0000000003',
  noBank: 'NL57MOCK0000000004',
} as const;

(missing === undefined ? describe : describe.skip)(
  `files over a real SFTP server to a bank that others wrote (${missing ?? 'mock-bank behind OpenSSH'})`,
  () => {
    const bank = new MockBank();
    let rig: ConnectRig;
    let paths: BankPath[] = [];
    beforeAll(async () => {
      await bank.start();
      rig = await ConnectRig.start();
    }, 120_000);
    afterAll(async () => {
      await rig.stop();
      await bank.stop();
    });
    beforeEach(async () => {
      for (const account of Object.keys(PAYERS)) await bank.behave(account, 'accept');
    });
    const on = async (payer: keyof typeof PAYERS, work: (path: BankPath) => Promise<void>): Promise<void> => {
      const path = new BankPath(rig, bank, `bank-${randomUUID().slice(0, 8)}`, payer);
      paths = [path];
      await path.start();
      try {
        await work(path);
      } finally {
        for (const one of paths) await one.stop();
      }
    };
    const once = async ({ railId }: Sent): Promise<void> =>
      expect(
        (await bank.payments(endToEndId(railId))).filter(({ status }) => status !== 'rejected'),
      ).toHaveLength(1);

    it(
      'file, report, booking: the good one settles, a closed account and an unknown bank are refused',
      () =>
        on('ACME', async (path) => {
          const [good, closed, noBank] = await path.send(PAYEES.elsewhere, PAYEES.closed, PAYEES.noBank);
          await bank.scan();
          expect(await path.until(closed!, 'rejected')).toEqual({
            reason: 'payee_unknown',
            retryable: false,
          });
          expect(await path.until(noBank!, 'rejected')).toEqual({
            reason: 'address_refused',
            retryable: false,
          });
          // The bank took it; that is no success.
          await path.until(good!, 'accepted');
          await bank.advance(4);
          await path.until(good!, 'settled');
          await once(good!);
          expect(await path.laneRow()).toMatchObject({ state: 'open' });
        }),
      60_000,
    );

    it(
      'an empty payer account stops the lane, and the item may be tried again',
      () =>
        on('GLOBEX', async (path) => {
          await bank.behave('GLOBEX', 'insufficient-funds');
          const sent = await path.send(PAYEES.elsewhere, PAYEES.elsewhere);
          await bank.scan();
          const outcomes = await eventually(
            () => Promise.all(sent.map(async (one) => (await path.row(one)).state)),
            (states) => states.includes('rejected'),
            15_000,
          );
          expect(outcomes.sort()).toEqual(['accepted', 'rejected']);
          const lane = await path.untilLane('stopped');
          expect(lane).toMatchObject({ state: 'stopped', reason: expect.stringContaining('payer_funds') });
        }),
      60_000,
    );

    it(
      'a whole file refused stops the lane and fails nobody',
      () =>
        on('ACME', async (path) => {
          await bank.behave('ACME', 'reject-file');
          const [one] = await path.send(PAYEES.elsewhere);
          await bank.scan();
          const lane = await path.untilLane('stopped');
          expect(lane).toMatchObject({ state: 'stopped', reason: expect.stringContaining('FF01') });
          await path.until(one!, 'accepted');
        }),
      60_000,
    );

    it(
      'the same file twice: the bank refuses the second, and the payee is paid once',
      () =>
        on('ACME', async (path) => {
          const [one] = await path.send(PAYEES.elsewhere);
          await bank.scan();
          const { fileName } = (await path.files.find([one!.railId])).get(one!.railId)!.file;
          bank.repeat(fileName);
          await bank.scan();
          await eventually(
            () => path.files.find([one!.railId]),
            (found) => found.get(one!.railId)?.item.said?.code === 'DUPL',
            15_000,
          );
          await path.until(one!, 'accepted');
          expect(await path.laneRow()).toMatchObject({ state: 'open' });
          await bank.advance(4);
          await path.until(one!, 'settled');
          await once(one!);
        }),
      60_000,
    );

    it(
      'a bank that reports nothing: silence decides nothing, the booking does',
      () =>
        on('ACME', async (path) => {
          await bank.behave('ACME', 'silent');
          const [one] = await path.send(PAYEES.elsewhere);
          await bank.scan();
          await new Promise((resolve) => setTimeout(resolve, 500));
          await path.until(one!, 'accepted');
          await bank.advance(4);
          await path.until(one!, 'settled');
        }),
      60_000,
    );

    it(
      'what settled may come back days later',
      () =>
        on('ACME', async (path) => {
          await bank.behave('ACME', 'return-later', { days: 3, reason: 'AC04' });
          const [one] = await path.send(PAYEES.elsewhere);
          await bank.scan();
          await bank.advance(4);
          await path.until(one!, 'settled');
          await bank.advance(7);
          expect(await path.until(one!, 'returned')).toMatchObject({ reason: 'payee_unknown' });
        }),
      60_000,
    );

    it(
      'a server with another key gets no file: the lane stops and the attempt waits',
      () =>
        on('ACME', async (path) => {
          const pinned = bank.hostKey;
          bank.hostKey = `SHA256:${'A'.repeat(43)}`;
          const strange = new BankPath(rig, bank, `${path.lane}-x`, 'ACME');
          bank.hostKey = pinned;
          paths.push(strange);
          await strange.start();
          const [waiting] = await strange.queue(PAYEES.elsewhere);
          const lane = await strange.untilLane('stopped');
          expect(lane).toMatchObject({ state: 'stopped', reason: expect.stringContaining('hostKeys') });
          await strange.until(waiting!, 'queued');
          expect((await strange.files.find([waiting!.railId])).size).toBe(0);
        }),
      60_000,
    );

    (hasSchemas() ? it : it.skip)(
      'every file of this run, ours and the bank’s, is what the published schemas want',
      () => {
        const judged = { orders: 0, answers: 0 };
        const orders = new XsdJudge('pain.001');
        for (const folder of ['processed', 'failed'])
          for (const text of bank.texts(`${bank.orders}/${folder}`).values()) {
            expect(orders.complaints(text)).toEqual([]);
            judged.orders += 1;
          }
        orders.close();
        const judges = {
          'pain.002': new XsdJudge('pain.002'),
          'camt.053': new XsdJudge('camt.053'),
          'camt.054': new XsdJudge('camt.054'),
        };
        for (const [name, text] of bank.texts(bank.answers)) {
          const judge = Object.entries(judges).find(([message]) => name.startsWith(message))?.[1];
          if (judge === undefined) continue;
          expect(judge.complaints(text.replace('pain.002.001.10', 'pain.002.001.12'))).toEqual([]);
          judged.answers += 1;
        }
        for (const judge of Object.values(judges)) judge.close();
        expect(judged.orders).toBeGreaterThan(5);
        expect(judged.answers).toBeGreaterThan(10);
      },
    );
  },
);

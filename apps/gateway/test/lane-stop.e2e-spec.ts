import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until, type TestLine } from '../../../tools/testing/path-rig-spec.js';
import { expectBooksAgree, gpo } from './on-hold-rig-spec.js';

const LINES = 40;

describe('a lane that stops', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  const lines = (payee: (index: number) => string): TestLine[] =>
    Array.from({ length: LINES }, (_, index) => ({
      reference_id: randomUUID(),
      payee_fa: payee(index),
      amount: '20.00',
      currency_code: 'KES',
    }));
  const overBank = (): TestLine[] => lines((index) => `account_no:${500_000 + index}@BANK`);
  const overPhone = (): TestLine[] => lines((index) => `phone:+25471${2_000_000 + index}@mpesa`);

  async function arm(count: number): Promise<void> {
    const body = JSON.stringify({ provider: 'core-banking', kind: 'drop', count });
    const headers = { 'Content-Type': 'application/json' };
    const answer = await fetch(`${rig.simulatorUrl}/simulator/faults`, { method: 'POST', headers, body });
    expect(answer.ok).toBe(true);
  }

  async function lane(name: string): Promise<Record<string, unknown>> {
    const { json } = await gpo(rig, 'lane', 'explain', name);
    return json[0]!;
  }

  it('because its rail falls silent: the other lane pays everybody meanwhile, it opens by itself, and nobody is paid twice', async () => {
    const before = (await rig.journal()).payments;
    await arm(1_000_000);
    const [bank, phone] = [randomUUID(), randomUUID()];
    await rig.post(message(bank, overBank()));
    const stopped = await until(30_000, async () => {
      const found = await lane('core-banking');
      return found.state === 'stopped' ? found : undefined;
    });
    expect(stopped.because).toEqual(
      expect.arrayContaining([expect.stringContaining('The rail does not answer')]),
    );
    await rig.post(message(phone, overPhone()));
    expect((await rig.settled(phone, 30_000)).states.succeeded!.count).toBe(LINES);
    expect(await lane('core-banking')).toMatchObject({ state: 'stopped', paying: false });
    expect((await rig.client.batch(bank)).states.failed!.count).toBe(0);
    await arm(0);
    expect((await rig.settled(bank, 90_000)).states.succeeded!.count).toBe(LINES);
    expect(await lane('core-banking')).toMatchObject({ state: 'open', paying: true });
    const journal = await rig.journal();
    expect({ paid: journal.payments - before, double: journal.double_payments }).toEqual({
      paid: 2 * LINES,
      double: 0,
    });
    await expectBooksAgree(rig);
  }, 180_000);

  it('because an operator holds it: nothing is taken over all processes until it is resumed, then everybody is paid once', async () => {
    await rig.launchSecondConnectors();
    const before = (await rig.journal()).payments;
    const words = ['--reason', 'books do not agree'];
    expect((await gpo(rig, 'lane', 'hold', 'core-banking', ...words)).code).toBe(0);
    const [bank, phone] = [randomUUID(), randomUUID()];
    await rig.post(message(bank, overBank()));
    await rig.post(message(phone, overPhone()));
    await rig.settled(phone, 30_000);
    const held = await until(20_000, async () => {
      const found = await lane('core-banking');
      return found.queued === LINES ? found : undefined;
    });
    expect(held).toMatchObject({ state: 'held', paying: false, changed_by: 'operator', sending: 0 });
    expect((await rig.journal()).payments - before).toBe(LINES);
    expect((await gpo(rig, 'lane', 'resume', 'core-banking', ...words)).code).toBe(0);
    await rig.settled(bank, 60_000);
    const journal = await rig.journal();
    expect({ paid: journal.payments - before, double: journal.double_payments }).toEqual({
      paid: 2 * LINES,
      double: 0,
    });
  }, 180_000);
});

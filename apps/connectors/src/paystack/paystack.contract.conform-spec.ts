import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { FaultProxy } from '../conformance/fault-proxy-spec.js';
import { hasChecker, OfficialChecker, uncheckedBodies } from '../conformance/official-checker-spec.js';
import { OutcomeUnknown } from '../rail-error.js';
import { ctx, instruction, PaystackRig, SECRET, until } from './paystack.rig-spec.js';

const SPEC = 'paystack.yaml';
const withChecker = hasChecker(SPEC) ? describe : describe.skip;

// connector -> Prism with Paystack's published description -> a proxy that can falsify answers -> simulator
withChecker(
  'Paystack judged by its published description (skipped without the shared folder or Prism)',
  () => {
    const rig = new PaystackRig();
    let proxy: FaultProxy;
    let checker: OfficialChecker;
    let base: string;

    beforeAll(async () => {
      await rig.start();
      proxy = new FaultProxy(rig.base);
      // Paths of the description begin at the account.
      checker = new OfficialChecker(SPEC, `${await proxy.start()}/paystack/judged`);
      base = await checker.start();
    }, 90_000);

    afterAll(async () => {
      await checker.stop();
      await proxy.stop();
      await rig.stop();
    });

    const judged = (change: object = {}): ReturnType<PaystackRig['lane']> =>
      rig.lane({ baseUrl: base, requestTimeoutMs: 5_000, ...change });

    async function post(path: string, body: object): Promise<number> {
      const answer = await fetch(`${base}${path}`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${SECRET}` },
        body: JSON.stringify(body),
      });
      return answer.status;
    }

    it('the checker reads every body of the paths that are used', () => {
      expect(uncheckedBodies(SPEC, 'transfer')).toMatch(/^\d+ operations, \d+ bodies, 0 silently unchecked$/);
    }, 60_000);

    const transfer = {
      source: 'balance',
      amount: 100,
      recipient: 'RCP_x',
      reference: randomUUID(),
      currency: 'NGN',
    };
    const recipient = {
      type: 'nuban',
      name: 'E',
      account_number: '0123456789',
      bank_code: '058',
      currency: 'NGN',
    };
    it.each([
      ['an amount as text', '/transfer', { ...transfer, amount: '100' }],
      ['an amount with decimals', '/transfer', { ...transfer, amount: 100.5 }],
      ['no recipient', '/transfer', { ...transfer, recipient: undefined }],
      ['no source', '/transfer', { ...transfer, source: undefined }],
      ['a currency it does not pay', '/transfer', { ...transfer, currency: 'EUR' }],
      [
        'a bulk item without a reference',
        '/transfer/bulk',
        { source: 'balance', transfers: [{ amount: 1, recipient: 'R' }] },
      ],
      ['a bulk request without transfers', '/transfer/bulk', { source: 'balance' }],
      ['an unknown kind of recipient', '/transferrecipient', { ...recipient, type: 'iban' }],
      ['a recipient without a name', '/transferrecipient', { ...recipient, name: undefined }],
    ])('the checker refuses a planted request: %s', async (_title, path, body) => {
      const before = proxy.seen.length;
      expect(await post(path, body)).toBe(422);
      expect(proxy.seen.length).toBe(before);
    });

    it('the checker refuses a planted request without a key', async () => {
      const answer = await fetch(`${base}/balance`);
      expect(answer.status).toBe(401);
    });

    it.each([
      ['POST /transfer', /\/transfer$/, (data: Record<string, unknown>) => ({ ...data, amount: '1' })],
      [
        'GET /transfer/verify',
        /\/verify\//,
        (data: Record<string, unknown>) => ({ ...data, status: undefined }),
      ],
      [
        'POST /transferrecipient',
        /\/transferrecipient$/,
        (data: Record<string, unknown>) => ({ ...data, id: 'x' }),
      ],
    ])('the checker refuses a planted answer to %s', async (_title, path, spoil) => {
      const lane = judged();
      const item = instruction(`01255${String(performance.now()).replace(/\D/g, '').slice(0, 5)}`);
      const answer = ({ body }: { body: string }): { body: string } => {
        const parsed = JSON.parse(body) as { data: Record<string, unknown> };
        return { body: JSON.stringify({ ...parsed, data: spoil(parsed.data) }) };
      };
      proxy.arm((_method, seen) => path.test(seen), { answer });
      const call = async (): Promise<unknown> => {
        await lane.connector.submit([item], ctx);
        return lane.connector.query([{ railId: item.railId }], ctx);
      };
      const complaints = checker.violations().length;
      await expect(call()).rejects.toThrow();
      proxy.heal();
      for (let tries = 0; tries < 100 && checker.violations().length === complaints; tries += 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(checker.violations().length).toBe(complaints + 1);
    });

    it('every message of the connector and every answer of the simulator fits the description', async () => {
      const lane = judged({ bulkMax: 5 });
      const before = checker.violations();
      const single = instruction('0123451001');
      const kenya = instruction('', {
        currency: 'KES',
        payee: { text: '', scheme: 'phone', id: '+254712345678', provider: 'mpesa' },
      });
      const bulk = Array.from({ length: 4 }, (_, index) =>
        instruction(`012345200${index}`, { note: 'Ünï 💸'.repeat(30) }),
      );
      for (const items of [[single], [kenya], bulk])
        for (const result of await lane.connector.submit(items, ctx)) expect(result.kind).toBe('accepted');
      for (const { railId } of [single, kenya, ...bulk]) await until(lane, railId, 'settled');
      expect(await lane.connector.query([{ railId: randomUUID() }], ctx)).toMatchObject([{ kind: 'absent' }]);
      await lane.connector.health(ctx);
      // Refusals too: a duplicate, an unknown account, a bulk refused for one item, a return.
      expect((await lane.connector.submit([single], ctx))[0]?.kind).toBe('settled');
      expect((await lane.connector.submit([instruction('0129990001')], ctx))[0]?.kind).toBe('rejected');
      expect(
        (await lane.connector.submit([single, instruction('0123451002')], ctx)).map(({ kind }) => kind),
      ).toEqual(['settled', 'accepted']);
      const returned = instruction('0129990006');
      await lane.connector.submit([returned], ctx);
      await until(lane, returned.railId, 'returned');
      expect(checker.violations()).toEqual(before);
    }, 60_000);

    it('an executed transfer whose answer the checker turns into an error is unknown, and found by query', async () => {
      const lane = judged();
      const item = instruction('0123453001');
      proxy.arm((_method, path) => path.endsWith('/transfer'), {
        answer: () => ({ body: '{"status":true}' }),
      });
      await expect(lane.connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
      proxy.heal();
      await until(lane, item.railId, 'settled');
      expect(await rig.paid(item)).toBe(1);
    }, 30_000);
  },
);

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { noRecord } from '../conformance/memory-handles-spec.js';
import type { CallContext } from '../connector.js';
import { InvalidInstruction, NotSent, OutcomeUnknown, Throttled } from '../rail-error.js';
import { paystack } from './paystack.connector.js';
import { ctx, instruction, PaystackRig, until, type PaystackLane } from './paystack.rig-spec.js';

const rig = new PaystackRig();
beforeAll(() => rig.start());
afterAll(() => rig.stop());

const kinds = (results: { kind: string }[]): string[] => results.map(({ kind }) => kind);

describe('Paystack connector against the stateful simulator', () => {
  it('a disbursement is accepted, settles, and its signed webhook wakes its reference', async () => {
    const lane = rig.lane();
    const item = instruction();
    const [accepted] = await lane.connector.submit([item], ctx);
    expect(accepted).toMatchObject({ kind: 'accepted', pollAfterMs: 20, railReference: expect.any(String) });
    await until(lane, item.railId, 'settled');
    await waitFor(() => rig.webhooks.some(({ body }) => body.includes(item.railId)));
    const webhook = rig.webhooks.find(({ body }) => body.includes(item.railId))!;
    expect(webhook.path).toBe(`/${lane.account}`);
    expect(lane.connector.parseInbound(webhook)).toEqual({ wake: [{ railId: item.railId }], outcomes: [] });
    const forged = { ...webhook, body: Buffer.from(webhook.body.toString().replace('150050', '150051')) };
    expect(lane.connector.parseInbound(forged)).toMatchObject({ wake: [], refused: expect.any(String) });
  });

  it('a payee is made known to the rail once, also by many payments at the same time', async () => {
    const lane = rig.lane({ bulkMax: 10 });
    const items = Array.from({ length: 6 }, () => instruction('0123450002'));
    await Promise.all(items.slice(0, 3).map((item) => lane.connector.submit([item], ctx)));
    await lane.connector.submit(items.slice(3), ctx);
    expect(lane.handles.kept.size).toBe(1);
    const ghana = instruction('0123450002', { currency: 'GHS' });
    await lane.connector.submit([ghana], ctx);
    expect(lane.handles.kept.size).toBe(2);
  });

  it('a recipient code that the rail forgot is replaced; the same reference is then paid once', async () => {
    const lane = rig.lane();
    const item = instruction('0123450003');
    const [key] = await keyAfter(lane, instruction('0123450003'));
    lane.handles.kept.set(key!, 'RCP_of_another_account');
    await expect(lane.connector.submit([item], ctx)).rejects.toBeInstanceOf(Throttled);
    await lane.connector.submit([item], ctx);
    await until(lane, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('the same rail id submitted twice, in series and in parallel, is paid once', async () => {
    const lane = rig.lane();
    const [item, other] = [instruction(), instruction()];
    await lane.connector.submit([item], ctx);
    expect(kinds(await lane.connector.submit([item], ctx))[0]).toMatch(/accepted|settled/);
    await Promise.all(Array.from({ length: 8 }, () => lane.connector.submit([other], ctx)));
    expect([await rig.paid(item), await rig.paid(other)]).toEqual([1, 1]);
  });

  it.each([
    ['pays, then times out', '0129990002'],
    ['pays, then answers 500', '0129990010'],
  ])('%s: unknown, and a query finds it settled', async (_title, account) => {
    const lane = rig.lane();
    const item = instruction(account);
    await expect(lane.connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
    await until(lane, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it.each([
    ['a connection dropped before paying', '0129990011', 1],
    ['503 twice', '0129990005', 2],
  ])('%s: unknown, a query says absent, the same id is then paid once', async (_title, account, times) => {
    const lane = rig.lane();
    const item = instruction(account);
    for (let time = 0; time < times; time += 1) {
      await expect(lane.connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
      expect(await lane.connector.query([{ railId: item.railId }], ctx)).toEqual([
        { railId: item.railId, kind: 'absent' },
      ]);
    }
    await lane.connector.submit([item], ctx);
    await until(lane, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('a reference that the rail had accepted is never called absent, nor is one behind a wrong address', async () => {
    const key = { railId: randomUUID(), railReference: 'TRF_1' };
    expect(kinds(await rig.lane().connector.query([key], ctx))).toEqual(['unknown']);
    const wrong = rig.lane({ baseUrl: `${rig.base}/paystack/p/wrong` });
    await expect(wrong.connector.query([{ railId: randomUUID() }], ctx)).rejects.toBeInstanceOf(
      OutcomeUnknown,
    );
  });

  it('what settled may be returned', async () => {
    const lane = rig.lane();
    const item = instruction('0129990006');
    await lane.connector.submit([item], ctx);
    await until(lane, item.railId, 'settled');
    expect(await until(lane, item.railId, 'returned')).toMatchObject({ reason: 'reversed' });
  });

  it('a transfer that failed at the bank may be tried with a new reference, and is then paid', async () => {
    const lane = rig.lane();
    const item = instruction('0129990014');
    await lane.connector.submit([item], ctx);
    expect(await until(lane, item.railId, 'rejected')).toMatchObject({ retryable: true });
    const next = { ...item, railId: randomUUID(), attempt: 2 };
    await lane.connector.submit([next], ctx);
    await until(lane, next.railId, 'settled');
  });

  it('an account that the rail does not know is refused for good, and no transfer is made', async () => {
    const lane = rig.lane();
    const item = instruction('0129990001');
    expect(await lane.connector.submit([item], ctx)).toMatchObject([
      { kind: 'rejected', retryable: false, reason: 'payee_unknown', rawCode: 'invalid_account_number' },
    ]);
    expect(await rig.paid(item)).toBe(0);
  });

  it('429 is a slower pace for the same reference, which is then paid', async () => {
    const lane = rig.lane();
    const item = instruction('0129990004');
    for (let times = 0; times < 2; times += 1)
      await expect(lane.connector.submit([item], ctx)).rejects.toMatchObject({ retryAfterMs: 30 });
    await lane.connector.submit([item], ctx);
    await until(lane, item.railId, 'settled');
  });

  it('a webhook may come twice and before the answer', async () => {
    const lane = rig.lane();
    const item = instruction('0129990012');
    await lane.connector.submit([item], ctx);
    const answeredAt = performance.now();
    const early = rig.webhooks.filter(({ body, at }) => body.includes(item.railId) && at < answeredAt);
    expect(early).toHaveLength(2);
  });
});

describe('bulk transfers at Paystack', () => {
  it('one request pays many, each under its own reference', async () => {
    const lane = rig.lane({ bulkMax: 50 });
    const items = Array.from({ length: 20 }, (_, index) => instruction(`01234600${10 + index}`));
    const results = await lane.connector.submit(items, ctx);
    expect(results.map(({ railId }) => railId).sort()).toEqual(items.map(({ railId }) => railId).sort());
    expect(new Set(kinds(results))).toEqual(new Set(['accepted']));
    for (const { railId } of items) await until(lane, railId, 'settled');
  });

  it('one bad item neither fails nor delays the others', async () => {
    const lane = rig.lane({ bulkMax: 10 });
    const known = instruction('0123470001');
    await lane.connector.submit([known], ctx);
    const items = [
      instruction('0129990001'),
      known,
      instruction('0123470002'),
      instruction('0123470003', { currency: 'GHS' }),
    ];
    const results = new Map(
      (await lane.connector.submit(items, ctx)).map((result) => [result.railId, result.kind]),
    );
    expect(items.map(({ railId }) => results.get(railId))).toEqual([
      'rejected',
      expect.stringMatching(/accepted|settled/),
      'accepted',
      'accepted',
    ]);
    expect(await rig.paid(known)).toBe(1);
  });

  it('silence about a bulk request leaves each of its items unknown, and each is found by query', async () => {
    const lane = rig.lane({ bulkMax: 10 });
    const items = [instruction('0123480001'), instruction('0129990002')];
    const results = await lane.connector.submit(items, ctx);
    for (const result of results)
      expect(result).toMatchObject({ kind: 'error', error: expect.any(OutcomeUnknown) });
    for (const { railId } of items) await until(lane, railId, 'settled');
  });
});

describe('what never leaves', () => {
  it('nothing leaves once the lease is over', async () => {
    const lane = rig.lane({ bulkMax: 10 });
    const expired: CallContext = {
      timeoutMs: 2_000,
      beforeSend: () => {
        throw new NotSent('lease over');
      },
    };
    const items = [instruction(), instruction()];
    await expect(lane.connector.submit([items[0]!], expired)).rejects.toBeInstanceOf(NotSent);
    for (const result of await lane.connector.submit(items, expired))
      expect(result).toMatchObject({ kind: 'error', error: expect.any(NotSent) });
    await expect(lane.connector.submit([items[0]!], { ...ctx, timeoutMs: 0 })).rejects.toBeInstanceOf(
      NotSent,
    );
    expect(await rig.paid(items[0]!)).toBe(0);
  });

  it('nor does what validate() finds, or more than the rail takes at once', async () => {
    const { connector } = rig.lane();
    for (const items of [[instruction('', { currency: 'USD' })], [instruction(), instruction()], []])
      await expect(connector.submit(items, ctx)).rejects.toBeInstanceOf(InvalidInstruction);
  });

  it('is made by the registry from the settings of a lane, and pays nobody twice', async () => {
    const settings = { baseUrl: rig.base, secretKey: 'k', currencies: ['NGN'], bankCodes: {}, bulkMax: 7 };
    const { handles } = rig.lane();
    const connector = paystack({ laneId: 'x', settings, callbackUrl: '', handles, sql: noRecord });
    expect(connector.manifest).toMatchObject({ id: 'paystack', submit: { mode: 'batch', maxItems: 7 } });
    await connector.close();
    expect(await rig.admin('journal/summary')).toMatchObject({ double_payments: 0 });
  });
});

async function keyAfter(lane: PaystackLane, item: ReturnType<typeof instruction>): Promise<string[]> {
  await lane.connector.submit([item], ctx);
  return [...lane.handles.kept.keys()];
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 100 && !condition(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

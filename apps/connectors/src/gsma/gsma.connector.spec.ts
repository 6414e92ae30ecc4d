import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { MemoryHandles, noRecord } from '../conformance/memory-handles-spec.js';
import type { CallContext } from '../connector.js';
import { gsma } from './gsma.connector.js';
import { NotSent, OutcomeUnknown } from '../rail-error.js';
import { ctx, GsmaRig, instruction, only, until } from './gsma.rig-spec.js';

const rig = new GsmaRig();
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('GSMA connector against the stateful simulator', () => {
  it('a disbursement is accepted, settles, and its callback names the rail id in its path only', async () => {
    const { connector } = rig.lane();
    const item = instruction();
    const accepted = await only(connector.submit([item], ctx));
    expect(accepted).toMatchObject({ kind: 'accepted', pollAfterMs: 20 });
    expect(await until(connector, item.railId, 'settled')).toMatchObject({
      railReference: accepted.railReference,
    });
    const keys = { railId: item.railId, railReference: accepted.railReference ?? '' };
    expect(await only(connector.query([keys], ctx))).toMatchObject({ kind: 'settled' });
    const callback = rig.callbacks.find(({ path }) => path.endsWith(item.railId));
    expect(JSON.parse(callback?.body ?? '{}')).toMatchObject({
      transactionStatus: 'completed',
      amount: '1500.5',
    });
    const message = {
      method: 'PUT',
      path: callback?.path ?? '',
      headers: {},
      body: Buffer.from('not even JSON'),
    };
    expect(connector.parseInbound(message)).toEqual({ wake: [{ railId: item.railId }], outcomes: [] });
    expect(connector.parseInbound({ ...message, path: '/inbound/mobile-money/x' })).toEqual({
      wake: [],
      outcomes: [],
    });
  });

  it('the same rail id submitted twice, in series and in parallel, is paid once', async () => {
    const { connector } = rig.lane();
    const item = instruction();
    await connector.submit([item], ctx);
    expect((await only(connector.submit([item], ctx))).kind).toMatch(/accepted|settled/);
    const other = instruction();
    await Promise.all(Array.from({ length: 8 }, () => connector.submit([other], ctx)));
    expect([await rig.paid(item), await rig.paid(other)]).toEqual([1, 1]);
  });

  it('pays, then times out: unknown, and a query finds it settled', async () => {
    const { connector } = rig.lane();
    const item = instruction('+254 700 999-0002');
    await expect(connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
    await until(connector, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('pays, then answers 500: unknown, and a query finds it settled', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990010');
    await expect(connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
    await until(connector, item.railId, 'settled');
  });

  it('a connection dropped before paying: unknown, a query says absent, the same id is then paid once', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990011');
    await expect(connector.submit([item], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
    expect(await only(connector.query([{ railId: item.railId }], ctx))).toEqual({
      railId: item.railId,
      kind: 'absent',
    });
    await connector.submit([item], ctx);
    await until(connector, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('an id that the rail had accepted is never called absent', async () => {
    const { connector } = rig.lane();
    const key = { railId: randomUUID(), railReference: 'MM9', railHandle: randomUUID() };
    expect(await only(connector.query([key], ctx))).toMatchObject({ kind: 'unknown' });
  });

  it('an unreadable or wrong address is not an "absent"', async () => {
    const { connector } = rig.lane({ baseUrl: `${rig.base}/gsma/p/wrong` });
    await expect(connector.query([{ railId: randomUUID() }], ctx)).rejects.toBeInstanceOf(OutcomeUnknown);
  });

  it('a provider may live at an address without a path', async () => {
    const { connector } = rig.lane({ baseUrl: rig.base });
    await expect(connector.query([{ railId: randomUUID() }], ctx)).rejects.toThrow('was answered 404');
  });

  it('a disbursement that settled may be returned', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990006');
    await connector.submit([item], ctx);
    await until(connector, item.railId, 'settled');
    expect(await until(connector, item.railId, 'returned')).toMatchObject({ reason: 'reversed' });
  });

  it('a rail that answers after a day stays accepted, by its own handle too', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990007');
    const accepted = await only(connector.submit([item], ctx));
    const { railHandle = '', railReference = '' } = accepted;
    for (const key of [{}, { railHandle }, { railReference }]) {
      const found = await only(connector.query([{ railId: item.railId, ...key }], ctx));
      expect(found).toMatchObject({ kind: 'accepted', pollAfterMs: 20 });
    }
  });

  it('a callback may come twice and before the answer', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990012');
    expect((await only(connector.submit([item], ctx))).kind).toBe('accepted');
    const answeredAt = performance.now();
    const early = rig.callbacks.filter(({ path, at }) => path.endsWith(item.railId) && at < answeredAt);
    expect(early).toHaveLength(2);
  });

  it('nothing leaves once the lease is over', async () => {
    const { connector } = rig.lane();
    const item = instruction();
    const expired: CallContext = {
      timeoutMs: 2_000,
      beforeSend: () => {
        throw new NotSent('lease over');
      },
    };
    await expect(connector.submit([item], expired)).rejects.toBeInstanceOf(NotSent);
    await expect(connector.submit([item], { ...ctx, timeoutMs: 0 })).rejects.toBeInstanceOf(NotSent);
    expect(await only(connector.query([{ railId: item.railId }], ctx))).toMatchObject({ kind: 'absent' });
  });

  it('is made by the registry from the settings of a lane', async () => {
    const settings = {
      baseUrl: `${rig.base}/gsma/p`,
      tokenUrl: `${rig.base}/t`,
      clientId: 'a',
      clientSecret: 'b',
      currencies: ['KES'],
      payerAccounts: { 'account_no:1@TREASURY': 'gov-1' },
    };
    const connector = gsma({
      laneId: 'mobile-money',
      settings,
      callbackUrl: '',
      handles: new MemoryHandles(),
      sql: noRecord,
    });
    expect(connector.manifest).toMatchObject({ id: 'gsma', currencies: ['KES'], duplicate: 'rejects' });
    expect(connector.manifest.payerAccounts).toEqual({ '': '', 'account_no:1@TREASURY': 'gov-1' });
    await connector.close();
  });

  it('ends with no disbursement paid twice', async () => {
    const summary = await rig.admin('journal/summary');
    expect(summary).toMatchObject({ double_payments: 0 });
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { InvalidInstruction, LaneStopped, NotSent, OutcomeUnknown, Throttled } from '../rail-error.js';
import { ctx, GsmaRig, instruction, only, until } from './gsma.rig-spec.js';

const rig = new GsmaRig();
beforeAll(() => rig.start());
afterAll(() => rig.stop());

describe('GSMA refusals against the stateful simulator', () => {
  it('a refused token is replaced once, and then the lane stops', async () => {
    const { connector, provider } = rig.lane();
    await rig.admin('faults', { provider, kind: 'auth', count: 1 });
    expect((await only(connector.submit([instruction()], ctx))).kind).toBe('accepted');
    await rig.admin('faults', { provider, kind: 'auth' });
    const item = instruction();
    const refused = connector.submit([item], ctx);
    await expect(refused).rejects.toMatchObject({ kind: 'auth' });
    await expect(refused).rejects.toBeInstanceOf(LaneStopped);
    await expect(connector.health(ctx)).rejects.toMatchObject({ kind: 'auth' });
    await rig.admin('faults', { provider, kind: 'auth', count: 0 });
    await connector.health(ctx);
    expect(await rig.paid(item)).toBe(0);
  });

  it('wrong credentials stop the lane; a token endpoint that is down sends nothing', async () => {
    const { connector } = rig.lane({ clientSecret: 'wrong' });
    await expect(connector.submit([instruction()], ctx)).rejects.toMatchObject({ kind: 'auth' });
    const gone = rig.lane({ tokenUrl: 'http://127.0.0.1:1/token' });
    await expect(gone.connector.submit([instruction()], ctx)).rejects.toBeInstanceOf(NotSent);
  });

  it.each([
    ['rateLimitError', '2547009990004'],
    ['503 serviceUnavailable', '2547009990005'],
  ])('%s is a slower pace for the same id, which is then paid', async (_title, payee) => {
    const { connector } = rig.lane();
    const item = instruction(payee);
    for (let times = 0; times < 2; times += 1) {
      const refused = connector.submit([item], ctx);
      await expect(refused).rejects.toMatchObject({ retryAfterMs: 30 });
      await expect(refused).rejects.toBeInstanceOf(Throttled);
    }
    await connector.submit([item], ctx);
    await until(connector, item.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('an empty payer account stops the lane until there are funds; the same id is then paid', async () => {
    const { connector, provider } = rig.lane();
    const item = instruction('2547009990009');
    await expect(connector.submit([item], ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    await expect(connector.submit([instruction()], ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    await expect(connector.health(ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    await rig.admin('faults/funds', { provider, ok: true });
    await connector.health(ctx);
    await connector.submit([item], ctx);
    await until(connector, item.railId, 'settled');
  });

  it('a daily limit rejects for now: the id is burnt, a new one is paid', async () => {
    const { connector } = rig.lane();
    const item = instruction('2547009990008');
    const limited = { kind: 'rejected', retryable: true, reason: 'payee_limit' };
    expect(await only(connector.submit([item], ctx))).toMatchObject(limited);
    expect(await only(connector.submit([item], ctx))).toMatchObject(limited);
    expect(await only(connector.query([{ railId: item.railId }], ctx))).toMatchObject(limited);
    const next = { ...item, railId: randomUUID(), attempt: 2 };
    await connector.submit([next], ctx);
    await until(connector, next.railId, 'settled');
    expect(await rig.paid(item)).toBe(1);
  });

  it('an unknown account rejects for good, at once or after acceptance', async () => {
    const { connector } = rig.lane();
    const permanent = { kind: 'rejected', retryable: false, reason: 'payee_unknown' };
    expect(await only(connector.submit([instruction('2547009990001')], ctx))).toMatchObject(permanent);
    const later = instruction('2547009990013');
    expect((await only(connector.submit([later], ctx))).kind).toBe('accepted');
    expect(await until(connector, later.railId, 'rejected')).toMatchObject(permanent);
  });

  it('a rail that hangs, errs or is down while it is queried leaves the outcome open', async () => {
    const { connector, provider } = rig.lane();
    const item = instruction();
    await connector.submit([item], ctx);
    for (const [kind, expected] of [
      ['silent', OutcomeUnknown],
      ['drop', OutcomeUnknown],
      ['error', OutcomeUnknown],
      ['down', Throttled],
    ] as const) {
      await rig.admin('faults', { provider, kind, count: 1 });
      await expect(connector.query([{ railId: item.railId }], ctx)).rejects.toBeInstanceOf(expected);
    }
  });

  it('what validate() finds is never sent', async () => {
    const { connector } = rig.lane();
    const item = instruction('', { currency: 'SLE' });
    expect(connector.validate(item)).toHaveLength(2);
    await expect(connector.submit([item], ctx)).rejects.toBeInstanceOf(InvalidInstruction);
    await expect(connector.submit([instruction(), instruction()], ctx)).rejects.toBeInstanceOf(
      InvalidInstruction,
    );
  });

  it('ends with no disbursement paid twice', async () => {
    const summary = await rig.admin('journal/summary');
    expect(summary).toMatchObject({ double_payments: 0 });
  });
});

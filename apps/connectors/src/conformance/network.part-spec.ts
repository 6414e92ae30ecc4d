import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { factOfAbsence } from '../connect/absence.js';
import type { LeasedAttempt } from '../connect/attempt.repository.js';
import type { Instruction } from '../connector.js';
import { LaneStopped, NotSent, OutcomeUnknown, Throttled } from '../rail-error.js';
import { FaultProxy, type ProxyFault } from './fault-proxy-spec.js';
import {
  ctx,
  decisionOf,
  queryOne,
  submitOne,
  untilKind,
  type Answer,
  type ConformanceRig,
} from './rig-spec.js';

/** Parts 4 to 8: nobody is paid twice, whatever the network and the rail do. */
export function networkParts(rig: ConformanceRig): void {
  let proxy: FaultProxy;
  let base: string;
  const said: string[] = [];

  beforeAll(async () => {
    proxy = new FaultProxy(rig.base);
    base = await proxy.start();
  });
  afterAll(() => proxy.stop());

  /** Money requests for this item that passed the proxy. */
  const sends = (): number => proxy.seen.filter(({ method, path }) => rig.movesMoney(method, path)).length;
  const errorOf = (answer: Answer): Error => {
    if (answer.kind !== 'thrown' && answer.kind !== 'error') throw new Error(`no error: ${answer.kind}`);
    said.push(String(answer.error), String(answer.error.cause));
    return answer.error;
  };

  describe('4. the same rail id', () => {
    it('submitted twice in series and eight times in parallel is one payment', async () => {
      const lane = rig.lane();
      const [first, second] = [rig.instruction(), rig.instruction()];
      await submitOne(lane, first);
      expect(['accepted', 'settled']).toContain((await submitOne(lane, first)).kind);
      await Promise.all(Array.from({ length: 8 }, () => submitOne(lane, second)));
      for (const item of [first, second]) {
        await untilKind(lane, item, 'settled');
        expect(await rig.paid(item)).toBe(1);
      }
    });
  });

  describe('5. broken connections', () => {
    it('nothing left when nobody listens', async () => {
      const lane = rig.lane({ base: 'http://127.0.0.1:1' });
      expect(errorOf(await submitOne(lane, rig.instruction()))).toBeInstanceOf(NotSent);
    });

    it('nothing leaves once the lease is over', async () => {
      const lane = rig.lane();
      const item = rig.instruction();
      const beforeSend = (): void => {
        throw new NotSent('the lease is over');
      };
      await expect(lane.connector.submit([item], { ...ctx, beforeSend })).rejects.toBeInstanceOf(NotSent);
      expect(await rig.paid(item)).toBe(0);
    });

    it.each<[string, ProxyFault, number]>([
      ['dropped before the rail saw it', 'drop-unseen', 0],
      ['dropped after the rail took it', 'drop-after', 1],
      ['cut in the middle of the answer', 'cut-answer', 1],
      ['answered 500 although it was taken', 'error-after', 1],
      ['answered well with a broken body', 'broken-body', 1],
      ['answered well with nothing', { answer: () => ({ body: '' }) }, 1],
    ])('%s: unknown after one request, and in the end paid once', async (_title, fault, taken) => {
      const lane = rig.lane({ base });
      const item = rig.instruction();
      proxy.arm((method, path) => rig.movesMoney(method, path), fault);
      const before = sends();
      expect(errorOf(await submitOne(lane, item))).toBeInstanceOf(OutcomeUnknown);
      // No retry hides in a client: the rail was asked once.
      expect(sends() - before).toBe(1);
      expect(await rig.paid(item)).toBe(taken);
      const found = await queryOne(lane, item);
      expect(found.kind === 'absent').toBe(taken === 0);
      // Rule F lets the same id go again after an absence; doing so although it was taken must not pay twice either.
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
      expect(await rig.paid(item)).toBe(1);
    });
  });

  describe('6. unknown outcomes', () => {
    it.each([
      ['settled', '9990002'],
      ['settled', '9990010'],
      ['absent', '9990011'],
    ])('a query finds it %s', async (kind, ending) => {
      const lane = rig.lane();
      const item = rig.instruction(ending);
      expect(errorOf(await submitOne(lane, item))).toBeInstanceOf(OutcomeUnknown);
      await untilKind(lane, item, kind);
    });

    it('a query finds what was refused after it had been taken', async () => {
      const lane = rig.lane();
      const item = rig.instruction('9990013');
      expect((await submitOne(lane, item)).kind).toBe('accepted');
      await untilKind(lane, item, 'rejected');
    });

    it('an absence is acted on only after the time that the manifest names, and only with the same id', () => {
      const { manifest } = rig.lane().connector;
      const at = (ms: number): Date => new Date(1_800_000_000_000 + ms);
      const attempt = (takenMs: number): LeasedAttempt => ({
        ...{ disbursementId: 'd', attemptNo: 1, lane: 'l', state: 'unknown', token: '1', railId: 'r' },
        ...{ railReference: null, railHandle: null, sends: 1, queries: 1, throttles: 0, resolvedAt: null },
        ...{ sendBy: at(0), firstSendAt: at(-1_000), takenAt: at(takenMs), instruction: rig.instruction() },
      });
      const { absentIsFinalAfterMs: wait } = manifest;
      expect(factOfAbsence(attempt(wait - 1), manifest, { leaseMarginMs: 0 }).kind).toBe('unknown');
      expect(factOfAbsence(attempt(wait + 1), manifest, { leaseMarginMs: 0 }).kind).toBe('requeued');
    });

    it('an id that the rail had accepted is never called absent', async () => {
      const key = { railId: randomUUID(), railReference: 'T9', railHandle: randomUUID() };
      expect(await rig.lane().connector.query([key], ctx)).toMatchObject([{ kind: 'unknown' }]);
    });
  });

  describe('7. what the rail tells us by itself', () => {
    it('wakes its rail id and decides nothing, also twice, late, and for an id that nobody knows', async () => {
      const lane = rig.lane();
      const item = rig.instruction('9990012');
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
      const stranger = randomUUID();
      for (const railId of [item.railId, item.railId, stranger])
        expect(lane.connector.parseInbound(rig.inbound(railId))).toEqual({
          wake: [{ railId }],
          outcomes: [],
        });
      expect((await queryOne(lane, item)).kind).toBe('settled');
      expect((await queryOne(lane, { ...item, railId: stranger })).kind).toBe('absent');
      expect(await rig.paid(item)).toBe(1);
    });

    it('is refused where it should be signed and is not', () => {
      const { connector } = rig.lane();
      const message = rig.inbound(randomUUID());
      const forged = { ...message, body: Buffer.concat([message.body, Buffer.from(' ')]) };
      const result = connector.parseInbound(forged);
      const signed = connector.manifest.inboundAuth === 'hmac';
      expect(result.refused !== undefined).toBe(signed);
      expect(result.wake.length).toBe(signed ? 0 : 1);
      expect(result.outcomes).toEqual([]);
    });

    it('rubbish neither throws nor wakes', () => {
      const { connector } = rig.lane();
      const rubbish = { method: 'POST', path: '/x', headers: {}, body: Buffer.from([0xff, 0x00]) };
      expect(connector.parseInbound(rubbish)).toMatchObject({ wake: [], outcomes: [] });
    });

    it('a settled payment may be returned', async () => {
      const lane = rig.lane();
      const item = rig.instruction('9990006');
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
      await untilKind(lane, item, 'returned');
    });
  });

  describe('8. pace and credentials', () => {
    const limited = (headers: Record<string, string>): ProxyFault => ({
      answer: () => ({ status: 429, headers, body: '{"status":false,"message":"Too many requests"}' }),
    });

    it.each([
      ['with Retry-After', { 'retry-after': '7' }, 7_000],
      ['without', {}, undefined],
    ])('429 %s is a slower pace for the same id, which is then paid', async (_title, headers, waitMs) => {
      const lane = rig.lane({ base });
      const item = rig.instruction();
      proxy.arm((method, path) => rig.movesMoney(method, path), limited(headers));
      const error = errorOf(await submitOne(lane, item));
      expect(error).toBeInstanceOf(Throttled);
      if (waitMs !== undefined) expect(error).toMatchObject({ retryAfterMs: waitMs });
      expect((error as Throttled).retryAfterMs).toBeGreaterThan(0);
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
      expect(await rig.paid(item)).toBe(1);
    });

    it('refused credentials stop the lane and pay nobody; the probe says when it is over', async () => {
      const lane = rig.lane();
      const item = rig.instruction();
      await rig.refuseCredentials(lane, Infinity);
      expect(errorOf(await submitOne(lane, item))).toMatchObject({ kind: 'auth' });
      await expect(lane.connector.health(ctx)).rejects.toBeInstanceOf(LaneStopped);
      await expect(queryOne(lane, item)).rejects.toBeInstanceOf(LaneStopped);
      expect(await rig.paid(item)).toBe(0);
      await rig.refuseCredentials(lane, 0);
      await lane.connector.health(ctx);
      await submitOne(lane, item);
      await untilKind(lane, item, 'settled');
    });

    it('an empty account of the payer stops the lane and fails nobody', async () => {
      const lane = rig.lane();
      const items = [rig.instruction('9990009'), rig.instruction()];
      for (const item of items) expect(decisionOf(await submitOne(lane, item))).toBe('payer_funds');
      await expect(lane.connector.health(ctx)).rejects.toMatchObject({ kind: 'payer_funds' });
    });
  });

  describe('10. (in part) what errors say', () => {
    it('no error of this run holds a secret, a name or the number of an account', () => {
      const payees = ({ payee, payeeName }: Instruction): string[] =>
        [payee.id.slice(0, -7), payeeName ?? ''].filter((text) => text.length > 3);
      expect(said.length).toBeGreaterThan(5);
      for (const secret of [...rig.secrets, ...payees(rig.instruction())])
        expect(said.join(' ')).not.toContain(secret);
    });
  });
}

import { randomUUID } from 'node:crypto';
import { conformance } from '../conformance/kit-spec.js';
import type { ConformanceLane, ConformanceRig, LaneWish } from '../conformance/rig-spec.js';
import type { InboundMessage, Instruction } from '../connector.js';
import { transferBody } from './paystack.mapping.js';
import { instruction, PaystackRig, SECRET } from './paystack.rig-spec.js';
import { signatureOf } from './paystack.webhook.js';

const REFERENCE = '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f';
const KEY = { Authorization: `Bearer ${SECRET}` };
const TRANSFER = {
  source: 'balance',
  amount: 100,
  recipient: 'RCP_x',
  reference: REFERENCE,
  currency: 'NGN',
};

class PaystackConformance implements ConformanceRig {
  readonly secrets = [SECRET];
  readonly official = {
    spec: 'paystack.yaml',
    paths: 'transfer',
    account: 'kit',
    upstreamPath: '/paystack/kit',
    planted: [
      { title: 'an amount as text', path: '/transfer', headers: KEY, body: { ...TRANSFER, amount: '100' } },
      { title: 'no reference', path: '/transfer', headers: KEY, body: { ...TRANSFER, reference: undefined } },
      { title: 'no key', path: '/transfer', headers: {}, body: TRANSFER },
      {
        title: 'a bulk request without transfers',
        path: '/transfer/bulk',
        headers: KEY,
        body: { source: 'balance' },
      },
    ],
  };
  private readonly rig = new PaystackRig();

  get base(): string {
    return this.rig.base;
  }

  start(): Promise<void> {
    return this.rig.start();
  }

  stop(): Promise<void> {
    return this.rig.stop();
  }

  lane({ base, maxItems = 1, account }: LaneWish = {}): ConformanceLane {
    const change = {
      currencies: ['NGN', 'GHS', 'KES', 'ZAR'],
      bulkMax: maxItems,
      requestTimeoutMs: account === undefined ? 2_000 : 8_000,
    };
    // Before a checker the account stands in the checker's own address.
    return this.rig.lane(account === undefined ? change : { ...change, baseUrl: base }, base);
  }

  instruction(ending?: string, change: Partial<Instruction> = {}): Instruction {
    const number = `012${ending ?? String(Math.floor(Math.random() * 9_000_000)).padStart(7, '0')}`;
    const kenya = { text: '', scheme: 'phone', id: '+254712345678', provider: 'mpesa' };
    return instruction(number, { ...(change.currency === 'KES' ? { payee: kenya } : {}), ...change });
  }

  paid(item: Instruction): Promise<number> {
    return this.rig.paid(item);
  }

  movesMoney(method: string, path: string): boolean {
    return method === 'POST' && /\/transfer(\/bulk)?$/.test(path);
  }

  async say({ account }: ConformanceLane, word: string): Promise<void> {
    await this.rig.admin('paystack/word', { account, word });
  }

  encode(item: Instruction): string {
    return JSON.stringify(transferBody(item, 'RCP_1'));
  }

  /** Paystack counts in subunits of a hundredth. */
  amountOf(body: string): bigint {
    return BigInt(/"amount":(\d+)[,}]/.exec(body)?.[1] ?? '-1');
  }

  inbound(railId: string): InboundMessage {
    const data = { reference: railId, status: 'success', id: randomUUID() };
    const body = Buffer.from(JSON.stringify({ event: 'transfer.success', data }));
    const headers = { 'x-paystack-signature': signatureOf(body, SECRET) };
    return { method: 'POST', path: '', headers, body };
  }

  async refuseCredentials({ account }: ConformanceLane, times: number): Promise<void> {
    await this.rig.admin('faults', {
      provider: account,
      kind: 'auth',
      ...(times === Infinity ? {} : { count: times }),
    });
  }

  editBatch(body: string, how: 'fewer' | 'more' | 'reordered'): string {
    const answer = JSON.parse(body) as { data: Record<string, unknown>[] };
    const { data } = answer;
    const stranger = { ...data[0], reference: randomUUID() };
    const edited = { fewer: data.slice(1), more: [...data, stranger, ...data], reordered: data.toReversed() }[
      how
    ];
    return JSON.stringify({ ...answer, data: edited });
  }
}

conformance('paystack', new PaystackConformance());

import { randomUUID } from 'node:crypto';
import { conformance } from '../conformance/kit-spec.js';
import type { ConformanceLane, ConformanceRig, LaneWish } from '../conformance/rig-spec.js';
import type { InboundMessage, Instruction } from '../connector.js';
import { readGsmaConfig } from './gsma.config.js';
import { requestBody } from './gsma.mapping.js';
import { GsmaRig, instruction } from './gsma.rig-spec.js';

const SUBMIT = '/transactions/type/disbursement';
const ID = { 'X-CorrelationID': '3f2b8a52-6f0e-4c3a-9b1d-0a1b2c3d4e5f' };
const BODY = {
  amount: '12.5',
  currency: 'KES',
  creditParty: [{ key: 'msisdn', value: '+254700000001' }],
  debitParty: [{ key: 'accountid', value: 'treasury' }],
};
const CURRENCIES = ['KES', 'NGN', 'RWF', 'XOF', 'KWD'];
const CATEGORIES: ReadonlyMap<string, string> = new Map([
  ['clientAuthorisationError', 'authorisation'],
  ['requestDeclined', 'authorisation'],
  ['servicingPartyAuthorisationError', 'authorisation'],
  ['requestingPartyAuthorisationError', 'authorisation'],
  ['identifierError', 'identification'],
]);

class GsmaConformance implements ConformanceRig {
  readonly secrets = ['gpo-dev-secret'];
  readonly official = {
    spec: 'gsma-mm-1.2-disbursements.yaml',
    paths: 'disbursement',
    account: 'kit',
    upstreamPath: '/gsma/kit',
    planted: [
      { title: 'an empty body', path: SUBMIT, headers: ID, body: {} },
      {
        title: 'an amount with trailing zeros',
        path: SUBMIT,
        headers: ID,
        body: { ...BODY, amount: '200.00' },
      },
      { title: 'a currency it does not know', path: SUBMIT, headers: ID, body: { ...BODY, currency: 'SLE' } },
      { title: 'an amount as a number', path: SUBMIT, headers: ID, body: { ...BODY, amount: 12.5 } },
    ],
  };
  private readonly rig = new GsmaRig();

  get base(): string {
    return this.rig.base;
  }

  start(): Promise<void> {
    return this.rig.start();
  }

  stop(): Promise<void> {
    return this.rig.stop();
  }

  lane({ base = this.rig.base, account }: LaneWish = {}): ConformanceLane {
    const provider = account ?? `p${randomUUID().slice(0, 8)}`;
    const { connector } = this.rig.lane({
      // Before a checker the provider stands in the checker's own address, and tokens are not part of the description.
      baseUrl: account === undefined ? `${base}/gsma/${provider}` : base,
      tokenUrl: `${account === undefined ? base : this.rig.base}/gsma/${provider}/oauth2/token`,
      currencies: CURRENCIES,
      // A checker takes its time, above all for its first message.
      requestTimeoutMs: account === undefined ? 2_000 : 8_000,
    });
    return { connector, account: provider };
  }

  instruction(ending?: string, change: Partial<Instruction> = {}): Instruction {
    return instruction(
      `+25470${ending ?? String(Math.floor(Math.random() * 9_000_000)).padStart(7, '0')}`,
      change,
    );
  }

  paid(item: Instruction): Promise<number> {
    return this.rig.paid(item);
  }

  movesMoney(method: string, path: string): boolean {
    return method === 'POST' && path.endsWith(SUBMIT);
  }

  async say({ account: provider }: ConformanceLane, code: string): Promise<void> {
    const category = CATEGORIES.get(code) ?? 'businessRule';
    // A refused token is replaced once, and only the second refusal counts.
    await this.rig.admin('gsma/word', { provider, category, code, times: 2 });
  }

  encode(item: Instruction): string {
    const settings = {
      baseUrl: this.base,
      tokenUrl: this.base,
      clientId: 'a',
      clientSecret: 'b',
      currencies: CURRENCIES,
    };
    return JSON.stringify(requestBody(item, readGsmaConfig('kit', settings)));
  }

  /** Decimal text without trailing zeros. */
  amountOf(body: string, exponent: number): bigint {
    const { amount } = JSON.parse(body) as { amount: string };
    const [, whole = '', , fraction = ''] = /^(0|[1-9]\d*)(\.(\d*[1-9]))?$/.exec(amount) ?? [];
    return fraction.length > exponent ? -1n : BigInt(whole + fraction.padEnd(exponent, '0'));
  }

  inbound(railId: string): InboundMessage {
    const body = Buffer.from(JSON.stringify({ transactionStatus: 'completed' }));
    return { method: 'PUT', path: `/callbacks/mobile-money/${railId}`, headers: {}, body };
  }

  async refuseCredentials({ account: provider }: ConformanceLane, times: number): Promise<void> {
    await this.rig.admin('faults', {
      provider,
      kind: 'auth',
      ...(times === Infinity ? {} : { count: times }),
    });
  }
}

conformance('gsma', new GsmaConformance());

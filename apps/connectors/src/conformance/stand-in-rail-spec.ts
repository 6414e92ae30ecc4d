import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Payment {
  id: string;
  reference: string;
  /** Of this status, or failed with this code. */
  word: string;
  code?: string;
}

interface Account {
  payments: Map<string, Payment>;
  /** What the next submit is answered. */
  word?: string;
  refusals: number;
  empty: boolean;
}

interface Reply {
  status: number;
  body: object;
}

const STATUSES: readonly string[] = ['pending', 'paid', 'returned'];
const DONE_MS = 30;
const RETURN_MS = 150;

/**
 * A rail as many are, for connectors that are being written: `POST /{account}/payments` `{id, account, amount, currency}`
 * with a bearer key, `GET /{account}/payments/{id}`, `GET /{account}/balance`. It pays an id once, keeps what it paid,
 * and makes the troubles that docs/rail-simulator.md lists by the payee's number.
 */
export class StandInRail {
  private readonly accounts = new Map<string, Account>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly met = new Set<string>();
  private readonly server = http.createServer((request, response) => {
    this.answer(request, response).catch(() => response.destroy());
  });
  base = '';

  constructor(private readonly key: string) {}

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.base = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** The next submit of this account has this status, or is refused with this code. */
  say(account: string, word: string): void {
    this.account(account).word = word;
  }

  /** The next `times` requests of this account are answered 401; 0 ends it. */
  refuseKey(account: string, times: number): void {
    this.account(account).refusals = times;
  }

  /** Times that money left for this id. */
  paid(id: string): number {
    return [...this.accounts.values()].filter(({ payments }) => payments.has(id)).length;
  }

  private account(name: string): Account {
    let account = this.accounts.get(name);
    if (account === undefined)
      this.accounts.set(name, (account = { payments: new Map(), refusals: 0, empty: false }));
    return account;
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const [, name = '', what = '', id = ''] = (request.url ?? '').split('/');
    const account = this.account(name);
    const reply = this.decide(request, account, { what, id, text: Buffer.concat(chunks).toString() });
    if (reply === 'drop') return void response.destroy();
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body));
  }

  private decide(
    { method, headers }: IncomingMessage,
    account: Account,
    { what, id, text }: { what: string; id: string; text: string },
  ): Reply | 'drop' {
    if (account.refusals > 0 || headers.authorization !== `Bearer ${this.key}`) {
      account.refusals -= 1;
      return { status: 401, body: { code: 'unauthorized' } };
    }
    if (what === 'balance') return { status: 200, body: { available: account.empty ? '0' : '1000000' } };
    if (method === 'POST' && what === 'payments') return this.submit(account, text);
    const payment = account.payments.get(id);
    return payment === undefined
      ? { status: 404, body: { code: 'not_found' } }
      : { status: 200, body: bodyOf(payment) };
  }

  private submit(account: Account, text: string): Reply | 'drop' {
    const { id, account: payee, amount } = JSON.parse(text) as Record<string, unknown>;
    if (typeof id !== 'string' || typeof payee !== 'string' || typeof amount !== 'string')
      return refusal('body_invalid');
    const word = account.word;
    delete account.word;
    if (word !== undefined && !STATUSES.includes(word)) return refusal(word);
    if (account.payments.has(id)) return refusal('duplicate_id');
    const ending = payee.slice(-7);
    if (ending === '9990009') account.empty = true;
    if (account.empty) return refusal('funds_too_low');
    if (ending === '9990001') return refusal('account_unknown');
    if (ending === '9990011' && !this.met.has(id)) {
      this.met.add(id);
      return 'drop';
    }
    const payment: Payment = { id, reference: `P${id}`, word: word ?? 'pending' };
    account.payments.set(id, payment);
    if (word === undefined) this.follow(payment, ending);
    if (ending === '9990002') return 'drop';
    if (ending === '9990010') return { status: 500, body: {} };
    return { status: 201, body: bodyOf(payment) };
  }

  private follow(payment: Payment, ending: string): void {
    this.later(DONE_MS, () => {
      if (ending === '9990013') payment.code = 'account_unknown';
      else payment.word = 'paid';
    });
    if (ending === '9990006') this.later(DONE_MS + RETURN_MS, () => (payment.word = 'returned'));
  }

  private later(ms: number, step: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      step();
    }, ms);
    this.timers.add(timer);
  }
}

function bodyOf({ id, reference, word, code }: Payment): object {
  return { id, reference, status: word, ...(code === undefined ? {} : { code }) };
}

function refusal(code: string): Reply {
  return { status: 400, body: { code } };
}

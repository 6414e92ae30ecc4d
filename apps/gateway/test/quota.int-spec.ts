import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaConnection, TOPICS } from '@gpo/messaging';
import { ADVISORY_LOCKS } from '@gpo/persistence';
import { TopicReader } from '../../../tools/testing/kafka-rig-spec.js';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { csvForm } from './file.rig-spec.js';
import { ApiRig, disburse, line, type Answer } from './api.rig-spec.js';

/** Ten lines a second, of which a minute's worth may come at once. */
const STRICT = { lines_per_minute: 600, requests_at_once: 2 };
/** Twenty lines a second. */
const PACED = { lines_per_minute: 1200 };

const lines = (count: number): unknown[] => Array.from({ length: count }, () => line());

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start(2, { strict: { quota: STRICT }, openg2p: { quota: PACED } });
}, 60_000);
beforeEach(() =>
  rig.record.rows('UPDATE sender_quota SET intake_paid_until = now(), dispatch_paid_until = now()'),
);
afterAll(() => rig.stop(), 30_000);

/** As a strict sender; with the seconds after which it may be sent again. */
async function post(gateway: number, body: unknown): Promise<Answer & { retryAfter: number }> {
  const answer = await fetch(`${rig.urls[gateway]!}/disburse`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'X-API-Key': 'strict-dev-key' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  const retryAfter = Number(answer.headers.get('retry-after') ?? NaN);
  return { status: answer.status, text, body: JSON.parse(text) as Answer['body'], retryAfter };
}

async function storedOf(transactions: readonly string[]): Promise<number> {
  const rows = await rig.record.rows('SELECT 1 FROM batch WHERE transaction_id = ANY($1)', [transactions]);
  return rows.length;
}

describe('a strict sender with a quota', () => {
  it('over both gateways together it gets no more lines than its quota; the rest is 429 with Retry-After, not stored, and taken then', async () => {
    const started = Date.now();
    const messages = Array.from({ length: 40 }, () => ({ transaction: randomUUID(), lines: lines(40) }));
    const sent = ({ transaction, lines: own }: (typeof messages)[0]): unknown => disburse(transaction, own);
    const answers: Awaited<ReturnType<typeof post>>[] = [];
    // One at a time on each gateway: two requests at once are its right.
    await Promise.all(
      [0, 1].map(async (gateway) => {
        for (let index = gateway; index < messages.length; index += 2)
          answers[index] = await post(gateway, sent(messages[index]!));
      }),
    );
    const most = 600 + (10 * (Date.now() - started)) / 1000;
    const taken = answers.filter(({ status }) => status === 200).length;
    expect(taken * 40).toBeLessThanOrEqual(most);
    expect(taken * 40).toBeGreaterThan(600 - 40);
    const refused = answers.findIndex(({ status }) => status !== 200);
    for (const { status, body, retryAfter } of answers.filter((answer) => answer.status !== 200)) {
      expect([status, body.message.ack_status, body.errors?.[0]?.code]).toEqual([
        429,
        'ERR',
        'err.request.too_many_requests',
      ]);
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(5);
    }
    expect(await storedOf(messages.map(({ transaction }) => transaction))).toBe(taken);
    await sleep(answers[refused]!.retryAfter * 1000);
    expect((await post(0, sent(messages[refused]!))).status).toBe(200);
  }, 60_000);

  it('a message that is sent again costs nothing: it adds no line', async () => {
    const message = disburse(randomUUID(), lines(100));
    for (let time = 0; time < 20; time += 1) expect((await post(time % 2, message)).status).toBe(200);
  });

  it('a message or a file that is sent again gets the same Ack while nothing else may pass, and costs nothing', async () => {
    const message = disburse(randomUUID(), lines(10));
    const form = (): FormData => csvForm('again', ['r-1,account_no:12345@BANK,1.00,KES']);
    const send = async (): Promise<string> => {
      const answer = await fetch(`${rig.urls[0]!}/disburse`, {
        method: 'POST',
        headers: { 'X-API-Key': 'strict-dev-key' },
        body: form(),
      });
      expect(answer.status).toBe(200);
      return ((await answer.json()) as Answer['body']).message.correlation_id;
    };
    const [ack, file] = [await post(0, message), await send()];
    await rig.record.rows(`UPDATE sender_quota SET intake_paid_until = now() + interval '200 seconds'`);
    const owed = (): Promise<unknown[]> => rig.record.rows('SELECT intake_paid_until FROM sender_quota');
    const before = await owed();
    expect((await post(1, disburse(randomUUID(), lines(1)))).status).toBe(429);
    const again = await post(1, message);
    expect([again.status, again.body.message.correlation_id]).toEqual([200, ack.body.message.correlation_id]);
    expect(await send()).toBe(file);
    expect(await owed()).toEqual(before);
    const {
      message: { disbursements },
    } = message as { message: { disbursements: unknown[] } };
    const transaction = (message as { message: { transaction_id: string } }).message.transaction_id;
    const more = await post(1, disburse(transaction, [...disbursements, line()]));
    expect(more.status).toBe(429);
  });

  it('a message larger than a minute of its quota is taken when nothing is owed, and paid off before the next', async () => {
    expect((await post(0, disburse(randomUUID(), lines(900)))).status).toBe(200);
    const { status, retryAfter } = await post(1, disburse(randomUUID(), lines(10)));
    expect(status).toBe(429);
    // 90 seconds' worth is owed; a minute's may be.
    expect(retryAfter).toBeGreaterThan(25);
    expect(retryAfter).toBeLessThanOrEqual(32);
  });

  it('the rows of a file count as lines do: over the quota it is 429 and nothing of it is kept', async () => {
    const rows = (count: number): string[] =>
      Array.from({ length: count }, () => `${randomUUID()},account_no:12345@BANK,1.00,KES`);
    const send = (form: FormData): Promise<Response> =>
      fetch(`${rig.urls[0]!}/disburse`, {
        method: 'POST',
        headers: { 'X-API-Key': 'strict-dev-key' },
        body: form,
      });
    expect((await send(csvForm(randomUUID(), rows(900)))).status).toBe(200);
    const transaction = randomUUID();
    const refused = await send(csvForm(transaction, rows(10)));
    expect([refused.status, Number(refused.headers.get('retry-after')) > 25]).toEqual([429, true]);
    expect(await storedOf([transaction])).toBe(0);
  });

  it('requests at once count over both gateways together; a slot is free again when the request has ended', async () => {
    const blocker = rig.record.dataSource.createQueryRunner();
    await blocker.startTransaction();
    await blocker.query('LOCK TABLE batch IN SHARE ROW EXCLUSIVE MODE');
    const waiting = [0, 1].map((gateway) => post(gateway, disburse(randomUUID(), lines(1))));
    await until(5000, async () => {
      const held = await rig.record.rows(
        `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND granted`,
        [ADVISORY_LOCKS.senderRequest],
      );
      return held.length === 2 ? true : undefined;
    });
    const third = await post(0, disburse(randomUUID(), lines(1)));
    expect([third.status, third.body.errors?.[0]?.code, third.retryAfter]).toEqual([
      429,
      'err.request.too_many_requests',
      1,
    ]);
    await blocker.commitTransaction();
    await blocker.release();
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200]);
    expect((await post(0, disburse(randomUUID(), lines(1)))).status).toBe(200);
  });
});

describe('a sender of profile openg2p with a quota', () => {
  it('every message is stored and acknowledged at once; its lines go out at its pace over both gateways and a restart, each once', async () => {
    const kafka = new KafkaConnection({
      brokers: [process.env.TEST_KAFKA_BROKERS!],
      topicPrefix: rig.topicPrefix,
      clientId: 'quota-test',
    });
    const reader = await TopicReader.open({ kafka, prefix: rig.topicPrefix }, 'quota', [TOPICS.request.name]);
    const transactions: string[] = Array.from({ length: 4 }, () => randomUUID());
    const published = (): string[] =>
      reader.records
        .filter(({ value }) => transactions.includes(String(value.transaction_id)))
        .map(({ key }) => key!);
    const started = Date.now();
    const answers = await Promise.all(
      transactions.map((transaction, index) =>
        rig.openg2p('/disburse', disburse(transaction, lines(50)), index % 2),
      ),
    );
    expect(answers.map(({ body }) => body.message.ack_status)).toEqual(['ACK', 'ACK', 'ACK', 'ACK']);
    const seen: [number, number][] = [];
    for (let look = 0; published().length < 200; look += 1) {
      if (look === 8) await rig.restart();
      await sleep(250);
      seen.push([Date.now() - started, published().length]);
      expect(seen.length).toBeLessThan(100);
    }
    // A second's worth is saved up at first; never more than the pace goes out.
    const over = seen.filter(([ms, count]) => count > 20 + (ms * 20) / 1000 + 1);
    expect(over).toEqual([]);
    expect(Date.now() - started).toBeLessThan(20_000);
    await sleep(1000);
    expect(published().length).toBe(new Set(published()).size);
    await reader.close();
  }, 60_000);
});

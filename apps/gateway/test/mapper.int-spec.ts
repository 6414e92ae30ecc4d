import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { disbursementId } from '@gpo/g2p-connect-schemas';
import { KafkaConnection, TOPICS } from '@gpo/messaging';
import { IdBook } from '../../rail-simulator/src/mapper/id-book.js';
import { startSimulator } from '../../rail-simulator/src/simulator.app.js';
import { readSimulatorConfig } from '../../rail-simulator/src/simulator.config.js';
import { freePort } from '../../../tools/stack/free-port.js';
import { TopicReader } from '../../../tools/testing/kafka-rig-spec.js';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { MAPPER_FORMS } from '../src/mapper/mapper.form.js';
import type { MapperSetting } from '../src/mapper/mapper.setting.js';
import { forgetAddresses } from '../src/mapper/resolve.repository.js';
import { ApiRig, disburse } from './api.rig-spec.js';

const BOOK = new IdBook({ seed: 1, knownPercent: 80, failPercent: 0 });
const WALLET = [{ address: 'phone:{mobile_number}@{wallet_provider_code}' }];

interface Row {
  disbursement_id: string;
  payee_fa: string;
  payee: string;
  unresolved: boolean;
  violations: string[];
  state: string;
}

let rig: ApiRig;
let simulator: NestFastifyApplication | undefined;
let port: number;
const folder = mkdtempSync(join(tmpdir(), 'gpo-mapper-'));

async function startMapper(): Promise<void> {
  const env = { SIMULATOR_DATA: folder, SIMULATOR_MAPPER_KNOWN_PERCENT: '80' };
  const ports = { SIMULATOR_PORT: String(port), SIMULATOR_BANK_PORT: '0' };
  simulator = await startSimulator(readSimulatorConfig({ ...env, ...ports }), (error) => {
    throw error;
  });
}

async function stopMapper(): Promise<void> {
  await simulator?.close();
  simulator = undefined;
}

const when = { resolve: 'when-id', id_schemes: ['token'] } as const;
const mapperOf = (form: MapperSetting['form']): MapperSetting => {
  const at = (path: string): string => `http://127.0.0.1:${port}${path}`;
  if (form === 'spar-2') return { ...when, form, url: at('/spar/mapper/resolve'), addresses: WALLET };
  if (form === 'g2p-connect') return { ...when, form, url: at('/mapper/sync/resolve') };
  return { ...when, form, url: at('/mapper/resolve'), answer_to: `${rig.urls[0]!}/` };
};

beforeAll(async () => {
  port = await freePort();
  rig = await ApiRig.start(2, { openg2p: { mapper: mapperOf('g2p-connect') } }, { RETRY_TIME_SCALE: '0.02' });
}, 60_000);
afterEach(startOrNot);
afterAll(async () => {
  await rig.stop();
  await stopMapper();
  rmSync(folder, { recursive: true });
}, 30_000);

async function startOrNot(): Promise<void> {
  if (simulator === undefined) await startMapper();
}

const idLine = (id: string, more: object = {}): object => ({
  reference_id: randomUUID(),
  payee_fa: id,
  amount: '100.00',
  currency_code: 'KES',
  ...more,
});
const ids = (count: number): string[] =>
  Array.from({ length: count }, () => `token:${randomUUID()}@nationalId`);

async function post(transaction: string, lines: object[]): Promise<number> {
  return (await rig.openg2p('/disburse', disburse(transaction, lines))).status;
}

/** The batch as auditors see it. */
async function statusOf(transaction: string): Promise<unknown> {
  const headers = { Authorization: 'Bearer auditor-token' };
  const answer = await fetch(`${rig.urls[0]!}/api/v1/batches?transaction_id=${transaction}`, { headers });
  return ((await answer.json()) as { batches: unknown[] }).batches[0];
}

function rowsOf(transaction: string): Promise<Row[]> {
  return rig.record.rows<Row>(
    `SELECT d.disbursement_id, d.payee_fa, d.payee_scheme || ':' || d.payee_id || '@' || d.payee_provider AS payee,
            d.unresolved, d.violations, d.state
       FROM disbursement d JOIN batch b USING (batch_id) WHERE b.transaction_id = $1 ORDER BY d.line_no`,
    [transaction],
  );
}

const resolved = (transaction: string): Promise<Row[]> =>
  until(20_000, async () => {
    const rows = await rowsOf(transaction);
    return rows.every(({ unresolved }) => !unresolved) ? rows : undefined;
  });

/** Where the mapper says each payee is paid, reckoned here. */
function expectPayees(rows: readonly Row[]): void {
  for (const { payee_fa, payee, violations } of rows) {
    const number = BOOK.numberOf(payee_fa);
    if (number === undefined) expect(violations).toEqual(['rjct.payee_fa.invalid']);
    else expect({ payee, violations }).toEqual({ payee: `phone:${number}@mpesa`, violations: [] });
  }
}

describe('payees that are beneficiary ids', () => {
  it.each(MAPPER_FORMS)(
    'D28: are resolved by a mapper that speaks %s; those it does not know are refused, and payee_fa stays what was sent',
    async (form) => {
      await startOrNot();
      rig.change('openg2p', { mapper: mapperOf(form) });
      const transaction = randomUUID();
      const people = ids(300);
      // Two payments to one person are two.
      const sent = [...people, people[0]!, people[1]!];
      expect(
        await post(
          transaction,
          sent.map((id) => idLine(id)),
        ),
      ).toBe(200);
      const rows = await resolved(transaction);
      expect(rows.map(({ payee_fa }) => payee_fa)).toEqual(sent);
      expectPayees(rows);
      const unknown = rows.filter(({ violations }) => violations.length > 0).length;
      expect(unknown).toBeGreaterThan(20);
      expect(unknown).toBeLessThan(100);
      expect(await statusOf(transaction)).toMatchObject({ unresolved: 0, total_count: sent.length });
    },
    60_000,
  );

  it('an address among them goes out at once, an id only when it is resolved, each exactly once', async () => {
    await stopMapper();
    const transaction = randomUUID();
    const known = ids(50).find((one) => BOOK.numberOf(one) !== undefined)!;
    const lines = [idLine('phone:+254711000111@mpesa'), idLine(known), idLine('phone:+254711000112@mpesa')];
    const kafka = new KafkaConnection({
      brokers: [process.env.TEST_KAFKA_BROKERS!],
      topicPrefix: rig.topicPrefix,
      clientId: 'mapper-test',
    });
    const reader = await TopicReader.open({ kafka, prefix: rig.topicPrefix }, 'mapper', [
      TOPICS.request.name,
    ]);
    try {
      expect(await post(transaction, lines)).toBe(200);
      const values = (): Record<string, unknown>[] =>
        reader.records.map(({ value }) => value).filter((value) => value.transaction_id === transaction);
      await until(20_000, () => Promise.resolve(values().length >= 2 || undefined));
      expect(
        values()
          .map(({ payee_id }) => payee_id)
          .sort(),
      ).toEqual(['+254711000111', '+254711000112']);
      await startMapper();
      await resolved(transaction);
      await until(20_000, () => Promise.resolve(values().length >= 3 || undefined));
      const last = values().find(({ payee_fa }) => payee_fa === known);
      expect(values()).toHaveLength(3);
      expect(last?.payee_id).toBe(BOOK.numberOf(known));
    } finally {
      await reader.close();
    }
  }, 60_000);

  it('a line that is cancelled while it waits is not resolved and not paid; the others are', async () => {
    await stopMapper();
    const transaction = randomUUID();
    const [first, second] = [idLine(ids(1)[0]!), idLine(ids(1)[0]!)];
    expect(await post(transaction, [first, second])).toBe(200);
    expect(await statusOf(transaction)).toMatchObject({ unresolved: 2 });
    const { reference_id } = first as { reference_id: string };
    await rig.record.rows(`UPDATE disbursement SET state = 'cancelled' WHERE disbursement_id = $1`, [
      disbursementId('openg2p', transaction, reference_id),
    ]);
    await startMapper();
    const rows = await until(20_000, async () => {
      const now = await rowsOf(transaction);
      return now[1]!.unresolved ? undefined : now;
    });
    expect(rows[0]).toMatchObject({ unresolved: true, state: 'cancelled' });
    await until(20_000, async () => {
      const left = await rig.record.rows(
        'SELECT 1 FROM resolve_range r JOIN batch b USING (batch_id) WHERE b.transaction_id = $1',
        [transaction],
      );
      return left.length === 0 ? true : undefined;
    });
  }, 60_000);

  it('a line that is due much later is not asked about yet', async () => {
    await startOrNot();
    const transaction = randomUUID();
    const later = new Date(Date.now() + 3_600_000).toISOString();
    expect(await post(transaction, [idLine(ids(1)[0]!, { scheduled_timestamp: later })])).toBe(200);
    const [range] = await rig.record.rows<{ minutes: number; tries: number }>(
      `SELECT extract(epoch FROM r.next_at - now())::int / 60 AS minutes, r.tries
         FROM resolve_range r JOIN batch b USING (batch_id) WHERE b.transaction_id = $1`,
      [transaction],
    );
    expect(range!.tries).toBe(0);
    expect(range!.minutes).toBeGreaterThanOrEqual(48);
    expect(range!.minutes).toBeLessThanOrEqual(50);
  });

  it('an answer to a question that nobody asked is refused, and changes nothing', async () => {
    const answer = await fetch(`${rig.urls[0]!}/mapper/on-resolve`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ header: {}, message: { transaction_id: randomUUID(), resolve_response: [] } }),
    });
    expect(answer.status).toBe(404);
  });

  it('the account is forgotten some time after the end, what the sender wrote stays', async () => {
    await startOrNot();
    const transaction = randomUUID();
    const people = ids(20);
    await post(
      transaction,
      people.map((id) => idLine(id)),
    );
    await resolved(transaction);
    await rig.record.rows(
      `UPDATE disbursement d SET state = 'succeeded', resolved_at = now() - interval '31 days',
              updated_at = now() - interval '31 days'
         FROM batch b WHERE b.batch_id = d.batch_id AND b.transaction_id = $1 AND d.resolved_at IS NOT NULL`,
      [transaction],
    );
    expect(await forgetAddresses(rig.record.dataSource, 'openg2p', 30)).toBeGreaterThan(0);
    const rows = await rowsOf(transaction);
    expect(rows.map(({ payee_fa }) => payee_fa)).toEqual(people);
    const paid = rows.filter(({ state }) => state === 'succeeded');
    expect(new Set(paid.map(({ payee }) => payee))).toEqual(new Set(['phone:@mpesa']));
  });
});

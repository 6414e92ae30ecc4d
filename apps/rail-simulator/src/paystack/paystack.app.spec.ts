import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startSimulator } from '../simulator.app.js';
import { readSimulatorConfig } from '../simulator.config.js';

let data: string;
let app: NestFastifyApplication | undefined;
let base: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'simulator-'));
});

afterEach(async () => {
  await stop();
  rmSync(data, { recursive: true });
});

async function stop(): Promise<void> {
  await app?.close();
  app = undefined;
}

async function start(env: Record<string, string> = {}): Promise<void> {
  await stop();
  const own = {
    SIMULATOR_PORT: '0',
    SIMULATOR_BANK_PORT: '0',
    SIMULATOR_DATA: data,
    SIMULATOR_DELAY_MS: '0',
  };
  app = await startSimulator(readSimulatorConfig({ ...own, ...env }), (error) => {
    throw error;
  });
  base = await app.getUrl();
}

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

async function call(path: string, body?: object, key = 'sk_test_gpo_dev'): Promise<Reply> {
  const answer = await fetch(base + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

async function recipient(account = '0123456789'): Promise<string> {
  const body = { type: 'nuban', name: 'Esi Eze', account_number: account, bank_code: '058', currency: 'NGN' };
  const answer = await call('/paystack/p/transferrecipient', body);
  return String((answer.body.data as Record<string, unknown>).recipient_code);
}

function transfer(to: string, change: object = {}): Promise<Reply> {
  const body = { source: 'balance', currency: 'NGN', amount: 1250, recipient: to, reference: randomUUID() };
  return call('/paystack/p/transfer', { ...body, ...change });
}

const summary = async (): Promise<Record<string, unknown>> => (await call('/simulator/journal/summary')).body;

describe('the Paystack of the rail simulator', () => {
  it('remembers recipients, references, balances and the password switch over a restart', async () => {
    await start();
    const to = await recipient();
    const reference = randomUUID();
    expect(await transfer(to, { reference })).toMatchObject({ status: 200, body: { status: true } });
    await call('/paystack/p/transfer/enable_otp', {});
    await start();
    expect(await recipient()).toBe(to);
    expect(await transfer(to, { reference })).toMatchObject({
      status: 400,
      body: { status: false, code: 'duplicate_transfer_reference' },
    });
    const known = await call(`/paystack/p/transfer/verify/${reference}`);
    expect(known.body).toMatchObject({ data: { status: 'success', amount: 1250 } });
    expect((await call('/simulator/balance/p')).body).toEqual({
      provider: 'p',
      balance_minor: { NGN: '999999999998750' },
    });
    expect((await transfer(to)).body).toMatchObject({ data: { status: 'otp' } });
  });

  it('has each payment in its journal before it answers, and counts both rails together', async () => {
    await start();
    const to = await recipient();
    const disbursement = randomUUID();
    await transfer(to, { reason: `Cash ${disbursement}` });
    const lines = readFileSync(join(data, 'paystack.jsonl'), 'utf8').trim().split('\n');
    expect(JSON.parse(lines[1]!)).toMatchObject({ event: 'accepted', payee: '0123456789', amount: 1250 });
    await done(1);
    await transfer(to, { reason: disbursement.toUpperCase() });
    await done(2);
    expect(await summary()).toMatchObject({ payments: 2, double_payments: 1, amount_minor: { NGN: '2500' } });
    const { payments } = (await call(`/simulator/journal?disbursement_id=${disbursement}`)).body;
    expect(payments).toHaveLength(2);
  });

  it.each([
    ['an amount with a fraction', { amount: 12.5 }, 'invalid_amount'],
    ['nothing', { amount: 0 }, 'invalid_amount'],
    ['another source', { source: 'card' }, 'missing_params'],
    ['a short reference', { reference: 'abc' }, 'missing_params'],
    ['a recipient of somebody else', { recipient: 'RCP_x' }, 'invalid_transfer_recipient'],
    ['more than there is', { amount: 10 ** 15 + 1 }, 'insufficient_balance'],
  ])('refuses %s as Paystack would, and pays nothing', async (_title, change, code) => {
    await start();
    expect(await transfer(await recipient(), change)).toMatchObject({ status: 400, body: { code } });
    expect(await summary()).toMatchObject({ payments: 0, pending: 0 });
  });

  it('refuses a bulk request as a whole for one bad item, and another key for everything', async () => {
    await start();
    const to = await recipient();
    const good = { amount: 100, recipient: to, reference: randomUUID() };
    const bad = { amount: 100, recipient: 'RCP_x', reference: randomUUID() };
    const bulk = (transfers: object[]): Promise<Reply> =>
      call('/paystack/p/transfer/bulk', { source: 'balance', currency: 'NGN', transfers });
    expect(await bulk([good, bad])).toMatchObject({ body: { code: 'invalid_transfer_recipient' } });
    expect(await bulk([good, good])).toMatchObject({ body: { code: 'duplicate_transfer_reference' } });
    expect(await summary()).toMatchObject({ payments: 0 });
    expect(await bulk([good])).toMatchObject({ body: { data: [{ reference: good.reference }] } });
    expect(await call('/paystack/p/balance', undefined, 'sk_other')).toMatchObject({ status: 401 });
  });

  it('gives each account the fault that its number or the seed asks for, the same every time', async () => {
    const env = { SIMULATOR_FAULT_SHARES: 'daily-limit-once:500', SIMULATOR_SEED: '7' };
    await start(env);
    const statuses = async (): Promise<unknown[]> => {
      const accounts = Array.from({ length: 12 }, (_, index) => `01234500${10 + index}`);
      const answers = [];
      for (const account of accounts) answers.push(await transfer(await recipient(account)));
      return answers.map(({ body }) => (body.data as Record<string, unknown>).status);
    };
    const first = await statuses();
    expect(new Set(first)).toEqual(new Set(['failed', 'pending']));
    expect(await statuses()).toEqual(first);
    expect(() => readSimulatorConfig({ SIMULATOR_FAULT_SHARES: 'nonsense:1' })).toThrow(
      'SIMULATOR_FAULT_SHARES',
    );
  });
});

async function done(payments: number): Promise<void> {
  for (let tries = 0; tries < 100 && (await summary()).payments !== payments; tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 10));
  expect(await summary()).toMatchObject({ payments });
}

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startSimulator } from './simulator.app.js';
import { readSimulatorConfig } from './simulator.config.js';

let data: string;
let app: NestFastifyApplication | undefined;
let base: string;
let token: string;

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
  const config = readSimulatorConfig({
    SIMULATOR_PORT: '0',
    SIMULATOR_BANK_PORT: '0',
    SIMULATOR_DATA: data,
    SIMULATOR_DELAY_MS: '0',
    ...env,
  });
  app = await startSimulator(config, (error) => {
    throw error;
  });
  base = await app.getUrl();
  const basic = Buffer.from('gpo-dev:gpo-dev-secret').toString('base64');
  const answer = await call('POST', '/gsma/p/oauth2/token', { Authorization: `Basic ${basic}` });
  token = String(answer.body.access_token);
}

interface Reply {
  status: number;
  body: Record<string, unknown>;
}

async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: object,
): Promise<Reply> {
  const answer = await fetch(base + path, {
    method,
    headers: { ...headers, ...(body ? { 'Content-Type': 'application/json' } : {}) },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

function get(path: string): Promise<Reply> {
  return call('GET', `/gsma/p${path}`, { Authorization: `Bearer ${token}` });
}

function post(
  path: string,
  id: string | undefined,
  body: object,
  more: Record<string, string> = {},
): Promise<Reply> {
  const headers = { Authorization: `Bearer ${token}`, ...(id ? { 'X-CorrelationID': id } : {}), ...more };
  return call('POST', `/gsma/p${path}`, headers, body);
}

function body(disbursementId: string, change: object = {}): object {
  return {
    amount: '12.5',
    currency: 'KES',
    creditParty: [{ key: 'msisdn', value: '+254700000001' }],
    debitParty: [{ key: 'accountid', value: 'treasury' }],
    metadata: [{ key: 'disbursementId', value: disbursementId }],
    ...change,
  };
}

const SUBMIT = '/transactions/type/disbursement';

describe('rail simulator', () => {
  it('remembers correlation ids, transactions, refusals and balances over a restart', async () => {
    await start();
    const [id, refused] = [randomUUID(), randomUUID()];
    const accepted = await post(SUBMIT, id, body('d1'));
    expect(accepted).toMatchObject({
      status: 202,
      body: { status: 'pending', notificationMethod: 'polling' },
    });
    const unknown = { creditParty: [{ key: 'msisdn', value: '9990001' }] };
    expect(await post(SUBMIT, refused, body('d2', unknown))).toMatchObject({ status: 404 });
    const before = await call('GET', '/simulator/balance/p', {});
    expect(before.body).toEqual({ provider: 'p', balance_minor: { KES: '999999999998750' } });
    await start();
    expect(await call('GET', '/simulator/balance/p', {})).toEqual(before);
    for (const known of [id, refused]) {
      const again = await post(SUBMIT, known, body('d1'));
      expect(again).toMatchObject({ status: 400, body: { errorCode: 'duplicateRequest' } });
    }
    const { link } = (await get(`/responses/${id}`)).body;
    expect((await get(String(link))).body).toMatchObject({ transactionStatus: 'completed', amount: '12.5' });
    const failed = (await get(`/responses/${refused}`)).body;
    expect((await get(String(failed.link))).body).toMatchObject({ error: { errorCode: 'identifierError' } });
    const next = await post(SUBMIT, randomUUID(), body('d3'));
    expect(next.body.objectReference).not.toBe(accepted.body.objectReference);
  });

  it('has each payment in the journal before it answers', async () => {
    await start();
    const accepted = await post(SUBMIT, randomUUID(), body('d1'));
    const [line = ''] = readFileSync(join(data, 'journal.jsonl'), 'utf8').split('\n');
    expect(JSON.parse(line)).toMatchObject({
      provider: 'p',
      transactionReference: accepted.body.objectReference,
      payee: '+254700000001',
      amount: '12.5',
      currency: 'KES',
      executed: true,
    });
  });

  it('completes after a restart what was pending, and calls back', async () => {
    const paths: string[] = [];
    const receiver = createServer((request, response) => {
      paths.push(request.url ?? '');
      response.writeHead(204).end();
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const callback = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/back`;
    await start({ SIMULATOR_DELAY_MS: '300' });
    const id = randomUUID();
    await post(SUBMIT, id, body('d1'), { 'X-Callback-URL': callback });
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject({
      payments: 0,
      pending: 1,
    });
    await start();
    await waitFor(() => paths.length > 0);
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject({
      payments: 1,
      pending: 0,
    });
    await new Promise((resolve) => receiver.close(resolve));
  });

  it('drops a torn last line, and refuses a journal that is damaged elsewhere', async () => {
    await start();
    await post(SUBMIT, randomUUID(), body('d1'));
    await stop();
    appendFileSync(join(data, 'journal.jsonl'), '{"event":"acc');
    await start();
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject({ payments: 1 });
    await post(SUBMIT, randomUUID(), body('d2'));
    await start();
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject({ payments: 2 });
    await stop();
    appendFileSync(join(data, 'journal.jsonl'), 'rubbish\n');
    await expect(start()).rejects.toThrow('Line 3 of');
  });

  it('counts a double payment until one of the two is reversed', async () => {
    await start();
    const first = await post(SUBMIT, randomUUID(), body('d1'));
    await post(SUBMIT, randomUUID(), body('d1'));
    const double = { payments: 2, double_payments: 1, amount_minor: { KES: '2500' } };
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject(double);
    const path = `/transactions/${String(first.body.objectReference)}`;
    expect(await post(`${path}/reversals`, randomUUID(), { type: 'reversal' })).toMatchObject({
      status: 201,
    });
    expect(await post(`${path}/reversals`, randomUUID(), { type: 'reversal' })).toMatchObject({
      body: { errorCode: 'incorrectState' },
    });
    expect((await get(path)).body).toMatchObject({ transactionStatus: 'reversed' });
    expect((await call('GET', '/simulator/journal/summary', {})).body).toMatchObject({
      payments: 2,
      reversed: 1,
      double_payments: 0,
    });
    const { payments } = (await call('GET', '/simulator/journal?disbursement_id=d1', {})).body;
    expect(payments).toHaveLength(2);
  });

  it.each([
    ['amount with trailing zeros', { amount: '200.00' }, 'formatError'],
    ['more decimals than the currency has', { currency: 'RWF' }, 'formatError'],
    ['negative amount', { amount: '-1' }, 'negativeValue'],
    ['unknown currency', { currency: 'ZZZ' }, 'currencyNotSupported'],
    ['no payee', { creditParty: undefined }, 'mandatoryValueNotSupplied'],
    ['party without value', { creditParty: [{ key: 'msisdn' }] }, 'formatError'],
    ['long description', { descriptionText: 'x'.repeat(161) }, 'lengthError'],
  ])('refuses %s as a provider would, and pays nothing', async (_title, change, errorCode) => {
    await start();
    const id = randomUUID();
    expect(await post(SUBMIT, id, body('d1', change))).toMatchObject({ status: 400, body: { errorCode } });
    expect(await post(SUBMIT, undefined, body('d1'))).toMatchObject({
      body: { errorCode: 'mandatoryValueNotSupplied' },
    });
    expect(await get(`/responses/${id}`)).toMatchObject({
      status: 404,
      body: { errorCode: 'identifierError' },
    });
  });

  it('asks for a valid token, and refuses what the payer cannot pay', async () => {
    await start({ SIMULATOR_BALANCE_MINOR: '1250' });
    const [id, poor] = [randomUUID(), randomUUID()];
    expect(await post(SUBMIT, id, body('d1'), { Authorization: 'Bearer no' })).toMatchObject({ status: 401 });
    expect(await post(SUBMIT, id, body('d1'))).toMatchObject({ status: 202 });
    expect(await post(SUBMIT, poor, body('d2'))).toMatchObject({ body: { errorCode: 'insufficientFunds' } });
    const balance = await get('/accounts/accountid/treasury/balance');
    expect(balance.body).toMatchObject({ availableBalance: '0', currency: 'KES' });
  });

  it('names the variable that is wrong', () => {
    expect(() => readSimulatorConfig({ SIMULATOR_DELAY_MS: 'soon' })).toThrow(
      'SIMULATOR_DELAY_MS must be a whole number from 0, but it is "soon".',
    );
  });
});

async function waitFor(condition: () => boolean): Promise<void> {
  for (let tries = 0; tries < 200 && !condition(); tries += 1)
    await new Promise((resolve) => setTimeout(resolve, 20));
  expect(condition()).toBe(true);
}

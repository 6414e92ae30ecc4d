import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata';
import { OutboundHttp } from '@gpo/outbound-http';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { startSimulator } from '../../../rail-simulator/src/simulator.app.js';
import { readSimulatorConfig } from '../../../rail-simulator/src/simulator.config.js';
import type { CallContext, Instruction, Outcome } from '../connector.js';
import { createGsmaConnector, type GsmaConnector } from './gsma.connector.js';

const TIMEOUT_MS = 400;
export const ctx: CallContext = { beforeSend: () => undefined, timeoutMs: 2_000 };

/** The real simulator on a free loopback port, a callback receiver, and connectors to them. */
export class GsmaRig {
  base = '';
  readonly callbacks: { path: string; body: string; at: number }[] = [];
  private callbackUrl = '';
  private readonly data = mkdtempSync(join(tmpdir(), 'gsma-'));
  private readonly open: GsmaConnector[] = [];
  private simulator: NestFastifyApplication;
  private receiver: Server;

  async start(): Promise<void> {
    const env = {
      SIMULATOR_PORT: '0',
      SIMULATOR_BANK_PORT: '0',
      SIMULATOR_DATA: this.data,
      SIMULATOR_DELAY_MS: '20',
      SIMULATOR_RETURN_AFTER_MS: '100',
    };
    this.simulator = await startSimulator(readSimulatorConfig(env), (error) => {
      throw error;
    });
    this.base = await this.simulator.getUrl();
    this.receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.callbacks.push({ path: request.url ?? '', body, at: performance.now() });
        response.writeHead(204).end();
      });
    });
    await new Promise<void>((resolve) => this.receiver.listen(0, '127.0.0.1', resolve));
    this.callbackUrl = `http://127.0.0.1:${(this.receiver.address() as AddressInfo).port}/inbound/mobile-money`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.open.map((connector) => connector.close()));
    await this.simulator.close();
    await new Promise((resolve) => this.receiver.close(resolve));
    rmSync(this.data, { recursive: true });
  }

  /** A connector to a provider of its own, so that no test sees another's switches. */
  lane(change: Record<string, unknown> = {}): { connector: GsmaConnector; provider: string } {
    const provider = `p${randomUUID().slice(0, 8)}`;
    const settings = {
      baseUrl: `${this.base}/gsma/${provider}`,
      tokenUrl: `${this.base}/gsma/${provider}/oauth2/token`,
      clientId: 'gpo-dev',
      clientSecret: 'gpo-dev-secret',
      defaultPayerAccount: 'treasury',
      currencies: ['KES'],
      requestTimeoutMs: TIMEOUT_MS,
      pollAfterMs: 20,
      throttleMs: 30,
      ...change,
    };
    const limits = {
      timeoutMs: TIMEOUT_MS,
      maxResponseBytes: 65_536,
      maxSockets: 32,
      allowPrivateAddresses: true,
    };
    const connector = createGsmaConnector(
      'mobile-money',
      settings,
      new OutboundHttp(limits),
      this.callbackUrl,
    );
    this.open.push(connector);
    return { connector, provider };
  }

  /** The simulator's own interface: POST with a body, else GET. */
  async admin(path: string, body?: object): Promise<Record<string, unknown>> {
    const init = body && {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json' },
    };
    const answer = await fetch(`${this.base}/simulator/${path}`, init ?? {});
    if (!answer.ok) throw new Error(`${path} is answered ${answer.status}`);
    return (await answer.json()) as Record<string, unknown>;
  }

  /** Payments in the simulator's journal. */
  async paid(item: Instruction): Promise<number> {
    const { payments } = await this.admin(`journal?disbursement_id=${item.disbursementId}`);
    return (payments as unknown[]).length;
  }
}

export function instruction(payee = '+254700000001', change: Partial<Instruction> = {}): Instruction {
  return {
    railId: randomUUID(),
    batchId: randomUUID(),
    disbursementId: randomUUID(),
    attempt: 1,
    referenceId: randomUUID(),
    payer: { text: 'account_no:1@TREASURY', scheme: 'account_no', id: '1', provider: 'TREASURY' },
    payee: { text: `phone:${payee}`, scheme: 'phone', id: payee, provider: '' },
    amountMinor: 150_050n,
    currency: 'KES',
    exponent: 2,
    ...change,
  };
}

export async function only<T>(results: Promise<T[]>): Promise<T> {
  const [result, ...more] = await results;
  if (result === undefined || more.length > 0) throw new Error('exactly one result was expected');
  return result;
}

export async function until(connector: GsmaConnector, railId: string, kind: string): Promise<Outcome> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = await only(connector.query([{ railId }], ctx));
    if (found.kind === kind && found.kind !== 'absent') return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never ${kind}`);
}

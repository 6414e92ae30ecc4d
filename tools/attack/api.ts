import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ApiClient } from '../sample/api-client.js';
import { CallbackReceiver } from '../sample/callback-receiver.js';
import { PORT_COUNT, Stack } from '../stack/stack.js';
import { freePortRange } from '../stack/free-port.js';
import { callers, type Caller, type Facts } from './callers.js';
import type { Document } from './closed-document.js';
import { attack, install } from './schemathesis.js';

export interface ApiAttackOptions {
  /** Goes on until so many cases were sent... */
  cases: number;
  /** ... or so many seconds are over. */
  seconds: number;
  seed: number;
  casesPerOperation: number;
  /** Begin with what follows from the description alone, which is the same for every seed. */
  systematic: boolean;
  /** Names of callers; empty = all. */
  only: readonly string[];
  say: (line: string) => void;
}

/** Nothing useful is found in less. */
const RUN_SECONDS_MIN = 15;

/**
 * Attacks a real gateway, with the rest of the product behind it, with what its own description allows and with what
 * it does not. @returns true where every answer was described and none was 5xx.
 */
export async function attackApi(options: ApiAttackOptions): Promise<boolean> {
  const program = install(options.say);
  const document = JSON.parse(readFileSync('openapi/gateway.json', 'utf8')) as Document;
  const dir = join('.data', 'attack', `run-${options.seed}`);
  mkdirSync(dir, { recursive: true });
  const stack = new Stack({
    dir: join(dir, 'stack'),
    port: await freePortRange(PORT_COUNT),
    say: options.say,
    env: { CALLBACK_CHUNK_MS: '1000' },
  });
  const receiver = new CallbackReceiver(stack.port('receiver'));
  try {
    await stack.start();
    await receiver.listen();
    const url = `http://127.0.0.1:${stack.port('gateway')}`;
    const facts = await knownIds(url);
    const chosen = callers(document).filter(
      ({ name }) => options.only.length === 0 || options.only.includes(name),
    );
    return await rounds(program, chosen, {
      ...options,
      url,
      facts,
      logFile: join(dir, 'schemathesis.log'),
    });
  } finally {
    await stack.stop();
    await receiver.close();
  }
}

interface Rounds extends ApiAttackOptions {
  url: string;
  facts: Facts;
  logFile: string;
}

async function rounds(program: string, all: readonly Caller[], options: Rounds): Promise<boolean> {
  const started = performance.now();
  const elapsed = (): number => (performance.now() - started) / 1000;
  const failures: string[] = [];
  const left = (): number => options.seconds - elapsed();
  let [cases, round] = [0, 0];
  for (; cases < options.cases && left() > RUN_SECONDS_MIN; round += 1) {
    const caller = all[round % all.length]!;
    const report = await attack(program, {
      document: caller.document(options.facts),
      url: options.url,
      headers: caller.headers,
      casesPerOperation: options.casesPerOperation * caller.share,
      systematic: options.systematic && round < all.length,
      seed: options.seed + round,
      maxSeconds: left(),
      logFile: options.logFile,
      ...(caller.paths === undefined ? {} : { paths: caller.paths }),
    });
    cases += report.cases;
    failures.push(
      ...report.failures.map((failure) => `${caller.name}, seed ${options.seed + round}: ${failure}`),
    );
    options.say(
      `${caller.name}: ${report.cases} cases, ${report.failures.length} kinds of failure (${cases} so far)`,
    );
  }
  for (const failure of failures) options.say(`FAILED ${failure}`);
  options.say(
    `${cases} cases in ${round} runs from seed ${options.seed}, ${failures.length} kinds of failure; ${options.logFile}`,
  );
  return failures.length === 0;
}

/** Pays a batch, so that questions about batches and disbursements find some. */
async function knownIds(url: string): Promise<Facts> {
  const message = JSON.parse(readFileSync('examples/disburse.json', 'utf8')) as {
    message: { transaction_id: string };
  };
  message.message.transaction_id = `attack-${Date.now()}`;
  const answer = await fetch(`${url}/disburse`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa('openg2p:openg2p')}` },
    body: JSON.stringify(message),
  });
  if (answer.status !== 200) throw new Error(`The sample batch was answered with ${answer.status}.`);
  const client = new ApiClient(url);
  const { batch_id } = await client.batch(message.message.transaction_id);
  const page = await fetch(`${url}/api/v1/batches/${batch_id}/disbursements`, {
    headers: { Authorization: 'Bearer auditor-dev-key' },
  });
  const { disbursements } = (await page.json()) as { disbursements: { disbursement_id: string }[] };
  return {
    batchIds: [batch_id],
    disbursementIds: disbursements.map(({ disbursement_id }) => disbursement_id),
  };
}

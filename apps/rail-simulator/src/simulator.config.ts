import { FAULT_BY_DIGITS, type Fault } from './faults.js';

/** Every setting of the simulator. Read once at boot; a wrong value stops the boot with one sentence. */
export class SimulatorConfig {
  /** Address to listen on. Default 127.0.0.1. */
  host: string;
  /** TCP port; 0 takes a free one. Default 3003. */
  port: number;
  /** TCP port of the bank's SFTP server; 0 takes a free one. Default 3008. */
  bankPort: number;
  /** Folder of the journals and the bank's files; made when absent. Default .data/rail-simulator. */
  dataFolder: string;
  /** Mean time from acceptance to completion, in milliseconds; 0 completes before the answer. Default 50. */
  delayMs: number;
  /** Seed of the spread of completion times (half to one and a half of the mean). Default 1. */
  seed: number;
  /** Payees per mille that meet a fault although their number asks for none: `slow:50,returned-later:20`. Default none. */
  faultShares: ReadonlyMap<Fault, number>;
  /** Secret key of every Paystack account here; also signs its webhooks. A development value. */
  paystackKey: string;
  /** Where Paystack's webhooks go; `{account}` stands for the account's name. Default none. */
  paystackWebhookUrl: string;
  /** The ID mapper: ids per cent that it knows (default 98), and calls per cent that fail (default 0). */
  mapper: { knownPercent: number; failPercent: number };
  /** Completion time of the "slow" payee, in milliseconds. Default 3,000. */
  slowMs: number;
  /** Time from completion to the return of the "returned later" payee, in milliseconds. Default 3,000. */
  returnAfterMs: number;
  /** Answers 201 with the transaction where it is complete at once (the synchronous flow), else 202. Default false. */
  synchronous: boolean;
  /** Balance of each provider in each currency at its first use, in minor units. Default 10^15. */
  openingBalanceMinor: bigint;
  /** Life of an access token, in seconds. Default 3,600. */
  tokenSeconds: number;
  /** OAuth2 client that may ask for tokens; the secret is also the password of the bank's customers. Development values. */
  clientId: string;
  clientSecret: string;
  /** Waits before each try of one callback, in milliseconds; after the last the callback is given up. */
  callbackRetryMs: number[];
  /** Time a receiver has to answer a callback, in milliseconds. Default 5,000. */
  callbackTimeoutMs: number;
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws Error with one sentence that names the variable. */
export function readSimulatorConfig(env: Env): SimulatorConfig {
  return {
    host: env.SIMULATOR_HOST ?? '127.0.0.1',
    port: whole(env, 'SIMULATOR_PORT', 3003),
    bankPort: whole(env, 'SIMULATOR_BANK_PORT', 3008),
    dataFolder: env.SIMULATOR_DATA ?? '.data/rail-simulator',
    delayMs: whole(env, 'SIMULATOR_DELAY_MS', 50),
    seed: whole(env, 'SIMULATOR_SEED', 1),
    faultShares: shares(env.SIMULATOR_FAULT_SHARES ?? ''),
    paystackKey: env.SIMULATOR_PAYSTACK_KEY ?? 'sk_test_gpo_dev',
    paystackWebhookUrl: env.SIMULATOR_PAYSTACK_WEBHOOK_URL ?? '',
    mapper: {
      knownPercent: whole(env, 'SIMULATOR_MAPPER_KNOWN_PERCENT', 98),
      failPercent: whole(env, 'SIMULATOR_MAPPER_FAIL_PERCENT', 0),
    },
    slowMs: whole(env, 'SIMULATOR_SLOW_MS', 3_000),
    synchronous: env.SIMULATOR_SYNCHRONOUS === 'true',
    returnAfterMs: whole(env, 'SIMULATOR_RETURN_AFTER_MS', 3_000),
    openingBalanceMinor: minorUnits(env, 'SIMULATOR_BALANCE_MINOR', '1000000000000000'),
    tokenSeconds: whole(env, 'SIMULATOR_TOKEN_SECONDS', 3_600),
    clientId: env.SIMULATOR_CLIENT_ID ?? 'gpo-dev',
    clientSecret: env.SIMULATOR_CLIENT_SECRET ?? 'gpo-dev-secret',
    callbackRetryMs: (env.SIMULATOR_CALLBACK_RETRY_MS ?? '0,500,2000').split(',').map((text) => {
      return whole({ SIMULATOR_CALLBACK_RETRY_MS: text }, 'SIMULATOR_CALLBACK_RETRY_MS', 0);
    }),
    callbackTimeoutMs: whole(env, 'SIMULATOR_CALLBACK_TIMEOUT_MS', 5_000),
  };
}

function whole(env: Env, name: string, fallback: number): number {
  const text = env[name] ?? String(fallback);
  const value = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name} must be a whole number from 0, but it is "${text}".`);
}

function minorUnits(env: Env, name: string, fallback: string): bigint {
  const text = env[name] ?? fallback;
  if (/^\d{1,30}$/.test(text)) return BigInt(text);
  throw new Error(`${name} must be a whole number of minor units, but it is "${text}".`);
}

function shares(text: string): ReadonlyMap<Fault, number> {
  const known = new Set([...FAULT_BY_DIGITS.values()]);
  const entries = text.split(',').filter((part) => part !== '');
  const found = entries.map((part): [Fault, number] => {
    const [name = '', share = ''] = part.split(':');
    const fault = [...known].find((item) => item === name);
    if (fault !== undefined && /^\d{1,3}$/.test(share)) return [fault, Number(share)];
    throw new Error(`SIMULATOR_FAULT_SHARES must be fault:per-mille pairs, but it has "${part}".`);
  });
  return new Map(found);
}

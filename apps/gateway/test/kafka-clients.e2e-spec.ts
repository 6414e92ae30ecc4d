import { execFile, execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig } from '../../../tools/testing/path-rig-spec.js';
import { kafkaJars } from '../../../tools/stack/kafka-jars.js';

// A Python with kafka-python, for example of a virtual environment.
const PYTHON = process.env.GPO_TEST_PYTHON ?? 'python3';

function runs(command: string, ...words: string[]): boolean {
  try {
    execFileSync(command, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const jdk = runs('java', '--list-modules') && runs('javac', '-version');
const python = runs(PYTHON, '-c', 'import kafka');

describe('the client examples of docs/kafka.md', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  /** Runs a client on the example's requests under a transaction of its own, and returns what it told. */
  async function run(command: string, ...words: string[]): Promise<Record<string, unknown>[]> {
    const transactionId = randomUUID();
    const file = join(rig.dir, `${transactionId}.jsonl`);
    const text = readFileSync('examples/kafka/requests.jsonl', 'utf8');
    writeFileSync(file, text.replaceAll('direct-example-1', transactionId));
    const env = {
      ...process.env,
      KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
      KAFKA_TOPIC_PREFIX: rig.prefix,
      OUTCOME_GROUP: transactionId,
      WAIT_SECONDS: '60',
    };
    const output = await new Promise<string>((resolve, reject) => {
      execFile(command, [...words, file], { env, timeout: 90_000 }, (error, out, err) =>
        error === null ? resolve(out) : reject(new Error(`${error.message}\n${out}${err}`)),
      );
    });
    const batch = await rig.settled(transactionId);
    expect(batch).toMatchObject({ channel: 'kafka', total_count: 3 });
    expect([batch.states.succeeded!.count, batch.states.malformed!.count]).toEqual([2, 1]);
    const told = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    return told.toSorted((a, b) => String(a.reference_id).localeCompare(String(b.reference_id)));
  }

  const outcomes = [
    { reference_id: 'r-1', topic: 'g2p.success', outcome: 'settled', rail_reference: expect.any(String) },
    { reference_id: 'r-2', topic: 'g2p.success', outcome: 'settled' },
    {
      reference_id: 'r-3',
      topic: 'g2p.malformed-input',
      errors: expect.arrayContaining(['rjct.amount.invalid']),
    },
  ];

  (jdk ? it : it.skip)(
    'the Java client sends requests and reads the final word of each (skipped without a JDK)',
    async () => {
      const jars = await kafkaJars();
      const words = ['-Dlog4j.rootLogger=WARN', '-cp', `${jars}/*`, 'examples/kafka/DisburseDirect.java'];
      expect(await run('java', ...words)).toMatchObject(outcomes);
    },
    120_000,
  );

  it('the JavaScript client sends requests and reads the final word of each', async () => {
    expect(await run(process.execPath, 'examples/kafka/disburse-direct.mjs')).toMatchObject(outcomes);
  }, 120_000);

  (python ? it : it.skip)(
    'the Python client sends requests and reads the final word of each (skipped without kafka-python; GPO_TEST_PYTHON)',
    async () => {
      expect(await run(PYTHON, 'examples/kafka/disburse_direct.py')).toMatchObject(outcomes);
    },
    120_000,
  );
});

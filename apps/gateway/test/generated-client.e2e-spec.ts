import { execFile, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { OpenApiJudge, readDocument, step } from '../../../tools/testing/openapi-judge-spec.js';
import { PathRig } from '../../../tools/testing/path-rig-spec.js';

const DESCRIPTION = 'openapi/g2p-connect.json';
const ON_DISBURSE = ['/paths', step('/disburse'), 'post/callbacks/on-disburse'].join('/');
const CALLBACK_BODY = `${ON_DISBURSE}/${step('{$request.body#/header/sender_uri}')}/post/requestBody/content/${step('application/json')}/schema`;

interface Status {
  reference_id: string;
  status: string;
  status_reason_code?: string;
}

interface Message {
  header: { status: string; total_count: number; completed_count: number };
  message: { transaction_id: string; correlation_id: string; disbursements_status: Status[] };
}

interface Printed {
  ack: { ack_status: string; correlation_id: string };
  callbacks: Message[];
  status: { message: { txnstatus_response: { txn_status: Message['message'] } } };
  refused: [number, string];
}

/** A folder in which the client is generated and compiled; below node_modules, so that it finds its packages. */
function makeClient(): string {
  mkdirSync('node_modules/.cache', { recursive: true });
  const dir = mkdtempSync('node_modules/.cache/gpo-client-');
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const generate = ['node_modules/openapi-typescript/bin/cli.js', DESCRIPTION, '-o', join(dir, 'api.d.ts')];
  const { status, stderr } = spawnSync(process.execPath, generate, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`The client cannot be generated: ${stderr}`);
  return dir;
}

/** Compiles a program strictly. @returns what the compiler complains about. */
function compile(dir: string, name: string, source: string): string {
  writeFileSync(join(dir, `${name}.ts`), source);
  const options = [
    '--strict',
    '--exactOptionalPropertyTypes',
    '--noUncheckedIndexedAccess',
    '--ignoreConfig',
  ];
  const target = ['--module', 'nodenext', '--target', 'es2023', '--types', 'node', '--skipLibCheck'];
  const { stdout } = spawnSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', ...options, ...target, join(dir, `${name}.ts`)],
    { encoding: 'utf8' },
  );
  return stdout;
}

describe('a client that a public generator makes from the description', () => {
  const source = readFileSync('apps/gateway/test/strict-client.ts.txt', 'utf8');
  const dir = makeClient();
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(async () => {
    rmSync(dir, { recursive: true, force: true });
    await rig.stop();
  }, 30_000);

  it('refuses to compile what the description does not allow', () => {
    const faults = [
      ['  amount,', '  amount: 1500,', "Type 'number' is not assignable to type 'string'"],
      ["  sender_id: 'strict.example.org',", '', "Property 'sender_id' is missing"],
      ["'/disburse/sync/txn/status'", "'/disburse/sync/status'", `'"/disburse/sync/status"'`],
      ['ack.correlation_id', 'ack.correlation', "Property 'correlation' does not exist"],
    ] as const;
    const wrong = faults.reduce((text, [right, fault]) => text.replace(right, fault), source);
    const complaints = compile(dir, 'wrong', wrong);
    for (const [, , complaint] of faults) expect(complaints).toContain(complaint);
  }, 240_000);

  it('posts a batch, receives its callbacks as described, each line once, and reads the same by status', async () => {
    expect(compile(dir, 'client', source)).toBe('');
    const transaction = `client-${randomUUID()}`;
    const { stdout } = await promisify(execFile)(process.execPath, [
      join(dir, 'client.js'),
      rig.gatewayUrl,
      'strict-dev-key',
      transaction,
    ]);
    const { ack, callbacks, status, refused } = JSON.parse(stdout) as Printed;
    expect(ack.ack_status).toBe('ACK');
    const judge = new OpenApiJudge(readDocument(DESCRIPTION));
    expect(callbacks.flatMap((callback) => judge.problems(CALLBACK_BODY, callback))).toEqual([]);
    expect(judge.problems(CALLBACK_BODY, { ...callbacks[0], more: 1 })).toHaveLength(1);
    const told = callbacks.flatMap(({ message }) => message.disbursements_status);
    expect(told.map((line) => line.status).toSorted()).toEqual(['rjct', 'succ', 'succ']);
    expect(told.find((line) => line.status === 'rjct')).toMatchObject({
      status_reason_code: 'rjct.amount.invalid',
    });
    expect(callbacks.at(-1)!.header).toMatchObject({ status: 'succ', total_count: 3, completed_count: 3 });
    expect(callbacks.every(({ message }) => message.correlation_id === ack.correlation_id)).toBe(true);
    const read = status.message.txnstatus_response.txn_status;
    expect(read.transaction_id).toBe(transaction);
    expect(fates(read.disbursements_status)).toEqual(fates(told));
    expect(refused).toEqual([400, 'rjct.total_count.invalid']);
  }, 240_000);
});

function fates(lines: readonly Status[]): [string, string][] {
  return lines
    .map(({ reference_id, status }): [string, string] => [reference_id, status])
    .toSorted(([a], [b]) => a.localeCompare(b));
}

import { fork, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { KafkaConnection, TOPICS } from '@gpo/messaging';
import { freePort } from '../stack/free-port.js';
import { startKafka } from '../stack/kafka.js';
import { COPY_TOPIC, type Role, type RoleParts, type RoleRound } from './route-clock.js';
import { requestRecords } from './route-records.js';
import { median } from './median.js';

const ROLES: readonly Role[] = ['route', 'copy', 'copy-ours', 'rules'];
const fileOf = (role: Role): string =>
  fileURLToPath(new URL(role === 'copy' ? './route-bare.js' : './route-roles.js', import.meta.url));
const PARTITIONS = TOPICS.request.partitions;
/** CPU that the real engine needs for a message of this scenario, measured on Nussknacker 1.18.1. */
const NUSSKNACKER_CPU_US = 243;

/**
 * The router's own parts on the shipped request-check, beside a bare kafkajs copy of the same records in the same run,
 * interleaved. Void unless every record of every round came out.
 */
export async function benchRoute(items: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-route-'));
  const kafka = await startKafka({
    dir: join(dir, 'kafka'),
    port: await freePort(),
    controllerPort: await freePort(),
    pids: join(dir, 'pids'),
  });
  const prefix = `bench${randomBytes(3).toString('hex')}.`;
  const parts: RoleParts = { brokers: kafka.brokers, prefix, items, partitions: PARTITIONS };
  const children = new Map<Role, ChildProcess>();
  try {
    const fill = await makeTopics(parts);
    // Every role reads the records once as they come: that warms the compilers and the broker, and is not counted.
    const warm: Promise<RoleRound>[] = [];
    for (const role of ROLES) {
      const child = fork(fileOf(role), [role, JSON.stringify(parts)], { execArgv: profileArgs(role, dir) });
      children.set(role, child);
      warm.push(roundOf(child));
      await said(child, (message) => message === 'ready');
    }
    await fill();
    await Promise.all(warm);
    const results = await measure(children, items, rounds);
    await checkOutput(parts, rounds + 1);
    report(results, items);
  } finally {
    for (const child of children.values()) child.kill('SIGTERM');
    await kafka.stop();
    if (process.env.BENCH_PROFILE_DIR === undefined) rmSync(dir, { recursive: true, force: true });
  }
}

/** With BENCH_PROFILE_DIR set, each role leaves a CPU profile there. */
function profileArgs(role: Role, dir: string): string[] {
  const folder = process.env.BENCH_PROFILE_DIR;
  if (folder === undefined) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-name=${role}-${dir.slice(-6)}.cpuprofile`];
}

async function makeTopics({ brokers, prefix, items }: RoleParts): Promise<() => Promise<void>> {
  const connection = new KafkaConnection({ brokers: [brokers], topicPrefix: prefix, clientId: 'gpo-bench' });
  const copy = { name: COPY_TOPIC, partitions: PARTITIONS, retentionMs: TOPICS.request.retentionMs };
  await connection.ensureTopics([
    TOPICS.request,
    TOPICS.filteredRequests,
    TOPICS.malformedInput,
    TOPICS.deadLetter,
    copy,
  ]);
  return async () => {
    const producer = connection.producer();
    await producer.connect();
    await producer.send(TOPICS.request.name, requestRecords(items, 1));
    await producer.close();
  };
}

async function measure(
  children: ReadonlyMap<Role, ChildProcess>,
  items: number,
  rounds: number,
): Promise<Map<Role, RoleRound[]>> {
  const results = new Map<Role, RoleRound[]>(ROLES.map((role) => [role, []]));
  for (let round = 1; round <= rounds; round += 1) {
    const line: string[] = [];
    for (const [role, child] of children) {
      const answer = roundOf(child);
      child.send('go');
      const result = await answer;
      results.get(role)!.push(result);
      line.push(`${role} ${Math.round(items / result.seconds)}/s`);
    }
    process.stdout.write(`round ${round}: ${line.join(', ')}\n`);
  }
  return results;
}

function roundOf(child: ChildProcess): Promise<RoleRound> {
  return said(child, (message): message is RoleRound => typeof message === 'object');
}

function said<T>(child: ChildProcess, isIt: (message: unknown) => message is T): Promise<T>;
function said(child: ChildProcess, isIt: (message: unknown) => boolean): Promise<unknown>;
function said(child: ChildProcess, isIt: (message: unknown) => boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`a role ended with ${String(code)}`));
    const heard = (message: unknown): void => {
      if (!isIt(message)) return;
      child.off('exit', ended);
      child.off('message', heard);
      resolve(message);
    };
    child.once('exit', ended);
    child.on('message', heard);
  });
}

/** Every record must have come out once a round, or the figures mean nothing. */
async function checkOutput({ brokers, prefix, items }: RoleParts, rounds: number): Promise<void> {
  const connection = new KafkaConnection({ brokers: [brokers], topicPrefix: prefix, clientId: 'gpo-bench' });
  const count = async (name: string): Promise<number> => {
    const offsets = await connection.offsets(name);
    return offsets.reduce((sum, { high }) => sum + Number(high), 0);
  };
  const [filtered, malformed, dead, copied] = await Promise.all(
    [TOPICS.filteredRequests.name, TOPICS.malformedInput.name, TOPICS.deadLetter.name, COPY_TOPIC].map(count),
  );
  const routed = filtered! + malformed!;
  if (routed !== items * rounds || dead !== 0 || copied !== items * rounds * 2)
    throw new Error(
      `void: ${routed} routed, ${dead} dead letters, ${copied} copied, of ${items} x ${rounds}`,
    );
  process.stdout.write(`${Math.round((malformed! / routed) * 100)} % of the records are malformed\n`);
}

function report(results: ReadonlyMap<Role, RoleRound[]>, items: number): void {
  const rates = (role: Role): number[] => results.get(role)!.map(({ seconds }) => items / seconds);
  const cpu = (role: Role): number[] => results.get(role)!.map(({ cpuMicros }) => cpuMicros / items);
  const ratios = rates('route').map((rate, round) => rate / rates('copy')[round]!);
  const ratiosOurs = rates('route').map((rate, round) => rate / rates('copy-ours')[round]!);
  const result = {
    items,
    rounds: ratios.length,
    per_second: Object.fromEntries(ROLES.map((role) => [role, spread(rates(role), 0)])),
    cpu_us_per_record: Object.fromEntries(ROLES.map((role) => [role, spread(cpu(role), 1)])),
    ratio_to_bare_kafkajs: spread(ratios, 3),
    ratio_to_copy_with_our_client: spread(ratiosOurs, 3),
    rules_cpu_of_nussknacker: Number((median(cpu('rules')) / NUSSKNACKER_CPU_US).toFixed(3)),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
  const ratio = result.ratio_to_bare_kafkajs.median;
  const rules = result.cpu_us_per_record.rules!.median;
  process.stdout.write(
    `route: ratio ${ratio} to a bare kafkajs copy (target 0.7: ${ratio >= 0.7 ? 'met' : 'missed'}), ` +
      `rules ${rules} us CPU a record (target ${NUSSKNACKER_CPU_US / 5}: ${rules <= NUSSKNACKER_CPU_US / 5 ? 'met' : 'missed'})\n`,
  );
}

interface Spread {
  median: number;
  lowest: number;
  highest: number;
}

function spread(values: readonly number[], digits: number): Spread {
  const round = (value: number): number => Number(value.toFixed(digits));
  return {
    median: round(median(values)),
    lowest: round(Math.min(...values)),
    highest: round(Math.max(...values)),
  };
}

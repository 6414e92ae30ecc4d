import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { SingleBar } from 'cli-progress';
import { CallbackReceiver } from '../sample/callback-receiver.js';
import { runProgramme } from '../sample/programme.js';
import { makeReport, type Report } from '../sample/report.js';
import { summaryLines } from '../sample/summary.js';
import { residentMb } from './memory.js';
import { PlainError } from './plain-error.js';
import { Stack } from './stack.js';

interface Options {
  sample: number;
  once?: true;
  report?: string;
  data: string;
  port: number;
}

const RETRY_TIME_SCALE = '0.02';
const CALLBACK_CHUNK_MS = '3000';

function whole(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

const command = new Command('npm start --')
  .description(
    'Starts PostgreSQL, Kafka, gateway, router, connectors and rail simulator, and disburses a sample programme.',
  )
  .option('--sample <N>', 'disbursements of the sample programme; 0 = none', whole, 1000)
  .option('--once', 'end when the sample programme is settled; exit 0 only if the books are right')
  .option('--report <FILE>', 'write the result of the sample programme as JSON')
  .option('--data <DIR>', 'where data and logs are kept', '.data')
  .option('--port <N>', "the gateway's port; the other ports follow from it (N+1 ... N+7)", whole, 3000)
  .addHelpText(
    'after',
    '\nEnvironment: KAFKA_BROKERS, DATABASE_URL use what exists instead of starting it; NUSSKNACKER_URL (with NUSSKNACKER_USER,\nNUSSKNACKER_PASSWORD) deploys the scenarios there and starts no router.\nCtrl-C ends everything; a second start finds its data again.',
  );

const say = (line: string): void => void process.stdout.write(`${line}\n`);

async function main(options: Options): Promise<number> {
  const env = { RETRY_TIME_SCALE, CALLBACK_CHUNK_MS };
  const stack = new Stack({ dir: options.data, port: options.port, env, say });
  const receiver = new CallbackReceiver(stack.port('receiver'));
  const interrupted = new Promise<'interrupted'>((resolve) => {
    process.on('SIGINT', () => resolve('interrupted'));
    process.on('SIGTERM', () => resolve('interrupted'));
  });
  let code = 0;
  try {
    const work = (async (): Promise<number> => {
      await stack.start();
      await receiver.listen();
      const result = options.sample > 0 ? await sample(stack, receiver, options) : 0;
      if (options.once !== true) {
        sayAddresses(stack);
        await interrupted;
      }
      return result;
    })();
    const first = await Promise.race([work, interrupted]);
    if (first === 'interrupted') {
      say('\nEnding...');
      // What was being started ends with the stack; its late failure is no news.
      work.catch(() => undefined);
    } else code = first;
  } finally {
    await receiver.close().catch(() => undefined);
    await stack.stop();
  }
  say('Everything has ended.');
  return code;
}

async function sample(stack: Stack, receiver: CallbackReceiver, options: Options): Promise<number> {
  say(
    `Disbursing a sample programme of ${options.sample} (retry waits x ${RETRY_TIME_SCALE}, callbacks every ${Number(CALLBACK_CHUNK_MS) / 1000} s; a real installation waits longer)...`,
  );
  const progress = progressOf(options.sample);
  const result = await runProgramme({
    lines: options.sample,
    gatewayUrl: `http://127.0.0.1:${stack.port('gateway')}`,
    simulatorUrl: `http://127.0.0.1:${stack.port('simulator')}`,
    receiver,
    onProgress: (done) => progress.update(done),
  });
  progress.stop();
  const report = makeReport(result, memoryOf(stack));
  for (const line of summaryLines(report)) say(line);
  if (options.report !== undefined) writeFileSync(options.report, `${JSON.stringify(report, null, 2)}\n`);
  return isRight(report) ? 0 : 1;
}

function isRight(report: Report): boolean {
  return report.violations.length === 0 && report.in_flight === 0 && report.rail_double_payments === 0;
}

function memoryOf(stack: Stack): Record<string, number> {
  return residentMb({
    launcher: process.pid,
    ...Object.fromEntries(stack.apps.map((app) => [app.options.name, app.pid])),
    kafka: stack.kafka?.pid,
    postgres: stack.postgres?.pid,
  });
}

/** A bar on a terminal, a line now and then elsewhere. */
function progressOf(total: number): { update: (done: number) => void; stop: () => void } {
  if (process.stdout.isTTY) {
    const bar = new SingleBar({
      format: '  {bar} {value}/{total} final, {duration_formatted}',
      hideCursor: true,
    });
    bar.start(total, 0);
    return { update: (done) => bar.update(done), stop: () => bar.stop() };
  }
  let told = -1;
  const update = (done: number): void => {
    if (done !== told) say(`  ${done}/${total} final`);
    told = done;
  };
  return { update, stop: () => undefined };
}

function sayAddresses(stack: Stack): void {
  const gateway = `http://127.0.0.1:${stack.port('gateway')}`;
  for (const line of [
    `API documentation   ${gateway}/docs`,
    `Batch status        curl -H 'Authorization: Bearer auditor-dev-key' ${gateway}/api/v1/batches`,
    `Send a batch        curl -u openg2p:openg2p -H 'Content-Type: application/json' --data @examples/disburse.json ${gateway}/disburse`,
    `Rail journal        http://127.0.0.1:${stack.port('simulator')}/simulator/journal/summary`,
    'Ctrl-C ends everything.',
  ]) {
    say(line);
  }
}

try {
  const options = command.parse(['node', 'start', ...process.argv.slice(2)]).opts<Options>();
  process.exitCode = await main(options);
} catch (error) {
  process.stderr.write(
    error instanceof PlainError
      ? `${error.message}\n`
      : `${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
}
process.exit();

import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createKafka } from '@gpo/messaging';
import { kafkaJars, requireJava } from './kafka-jars.js';
import { endProcess, forgetProcess, markOf, noteProcess } from './os-process.js';
import { PlainError } from './plain-error.js';

export interface RunningKafka {
  brokers: string;
  pid: number;
  stop(): Promise<void>;
}

const READY_MS = 90_000;

/** Starts one KRaft node on loopback, or goes on with the data that is there. Topics are made by the apps. */
export async function startKafka(options: {
  dir: string;
  port: number;
  controllerPort: number;
  pids: string;
}): Promise<RunningKafka> {
  await requireJava();
  const jars = await kafkaJars();
  mkdirSync(options.dir, { recursive: true });
  const properties = join(options.dir, 'server.properties');
  writeFileSync(properties, serverProperties(options));
  writeFileSync(join(options.dir, 'log4j.properties'), log4jProperties(options.dir));
  const java = ['-cp', `${jars}/*`, `-Dlog4j.configuration=file:${join(options.dir, 'log4j.properties')}`];
  await format(options.dir, java, properties);
  const output = openSync(join(options.dir, 'output.log'), 'a');
  const heap = ['-Xmx256m', '-Xms128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=4'];
  const child = spawn('java', [...heap, ...java, 'kafka.Kafka', properties], {
    stdio: ['ignore', output, output],
    detached: true,
  });
  closeSync(output);
  const pid = child.pid!;
  noteProcess(options.pids, 'kafka', pid);
  const brokers = `127.0.0.1:${options.port}`;
  await untilReady(brokers, options.dir, () => child.exitCode !== null);
  return {
    brokers,
    pid,
    stop: async () => {
      const mark = markOf(pid);
      if (mark !== undefined) await endProcess(mark, 30_000);
      forgetProcess(options.pids, 'kafka');
    },
  };
}

async function format(dir: string, java: readonly string[], properties: string): Promise<void> {
  if (existsSync(join(dir, 'logs/meta.properties'))) return;
  // 16 random bytes in base64url; `=` keeps an id that begins with a dash from being read as an option.
  const id = randomBytes(16).toString('base64url');
  await promisify(execFile)('java', [
    ...java,
    'kafka.tools.StorageTool',
    'format',
    `--cluster-id=${id}`,
    '-c',
    properties,
  ]);
}

async function untilReady(brokers: string, dir: string, ended: () => boolean): Promise<void> {
  const until = Date.now() + READY_MS;
  while (Date.now() < until) {
    if (ended())
      throw new PlainError(
        `Kafka ended while starting; its reason is in ${join(dir, 'output.log')} and ${join(dir, 'kafka.log')}.${diskHint(dir)}`,
      );
    const admin = createKafka({ brokers: [brokers], topicPrefix: '', clientId: 'gpo-stack' }, true).admin({
      retry: { retries: 0 },
    });
    try {
      await admin.connect();
      await admin.listTopics();
      return;
    } catch {
      await sleep(200);
    } finally {
      await admin.disconnect().catch(() => undefined);
    }
  }
  throw new PlainError(
    `Kafka was not ready within ${READY_MS / 1000} seconds; see ${join(dir, 'kafka.log')}.`,
  );
}

function diskHint(dir: string): string {
  const log = join(dir, 'kafka.log');
  const full = existsSync(log) && /No space left on device/.test(readFileSync(log, 'utf8').slice(-20_000));
  return full ? ' The disk is full: make room and start again.' : '';
}

function serverProperties({
  dir,
  port,
  controllerPort,
}: {
  dir: string;
  port: number;
  controllerPort: number;
}): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(dir, 'logs'),
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': '1',
    'offsets.topic.num.partitions': '4',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    'group.initial.rebalance.delay.ms': '0',
    'group.min.session.timeout.ms': '1000',
    'log.segment.bytes': '67108864',
    'log.cleaner.dedupe.buffer.size': '16777216',
    'num.recovery.threads.per.data.dir': '2',
    'num.network.threads': '2',
    'num.io.threads': '4',
  })
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');
}

function log4jProperties(dir: string): string {
  return [
    'log4j.rootLogger=WARN, file',
    'log4j.appender.file=org.apache.log4j.RollingFileAppender',
    `log4j.appender.file.File=${join(dir, 'kafka.log')}`,
    'log4j.appender.file.MaxFileSize=10MB',
    'log4j.appender.file.MaxBackupIndex=1',
    'log4j.appender.file.layout=org.apache.log4j.PatternLayout',
    'log4j.appender.file.layout.ConversionPattern=%d %p %c %m%n',
    '',
  ].join('\n');
}

import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ApiClient } from '../sample/api-client.js';
import { AppProcess } from '../stack/app-process.js';
import { freePortRange } from '../stack/free-port.js';
import { startKafka } from '../stack/kafka.js';
import { ensureDatabase, startPostgres } from '../stack/postgres.js';
import { cpuMicros, watchMemory } from './process-usage.js';

/** What one intake cost. Times in milliseconds, memory in MiB. */
interface Measured {
  what: string;
  rows: number;
  bytes: number;
  ackMs: number;
  /** From the last byte to the acknowledgement. */
  ackAfterLastByteMs: number;
  loadedMs: number;
  longestStallMs: number;
  peakRssMb: number;
  cpuMicrosPerRow: number;
}

const BOUNDS: Readonly<Record<number, number>> = { 1000: 60, 10_000: 300, 100_000: 2000 };
const STALL_MAX_MS = 50;
const RSS_GROWTH_MAX_MB = 64;
const WARM_UPS = 20;

/**
 * One message of 1,000, 10,000 and 100,000 lines, and one CSV file, into a real gateway process: how long until the
 * acknowledgement and until every row is stored, the longest stall of its event loop, its peak memory.
 */
export async function benchIntake(fileRows: number, rounds: number): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'gpo-bench-intake-'));
  const port = await freePortRange(4);
  const pids = join(dir, 'pids');
  const [postgres, kafka] = await Promise.all([
    startPostgres({ dir: join(dir, 'postgres'), port: port + 1, pids }),
    startKafka({ dir: join(dir, 'kafka'), port: port + 2, controllerPort: port + 3, pids }),
  ]);
  const databaseUrl = await ensureDatabase(postgres.url, 'gpo');
  const record = new pg.Client({ connectionString: databaseUrl });
  await record.connect();
  const gateway = new AppProcess({
    name: 'gateway',
    entry: 'dist/apps/gateway/src/main.js',
    port,
    dir,
    env: {
      NODE_ENV: 'development',
      GATEWAY_PORT: String(port),
      DATABASE_URL: databaseUrl,
      KAFKA_BROKERS: kafka.brokers,
    },
  });
  try {
    gateway.start();
    await gateway.untilReady();
    const rig = new IntakeBench(gateway, port, record);
    for (let index = 0; index < WARM_UPS; index += 1) await rig.json(1000);
    const results: Measured[] = [];
    for (const rows of [1000, 10_000, 100_000])
      for (let round = 0; round < rounds; round += 1) results.push(tell(await rig.json(rows)));
    if (fileRows > 0) results.push(tell(await rig.csv(fileRows)));
    report(results);
  } finally {
    await Promise.all([gateway.stop(), record.end()]);
    await Promise.all([postgres.stop(), kafka.stop()]);
    rmSync(dir, { recursive: true, force: true });
  }
}

class IntakeBench {
  constructor(
    private readonly gateway: AppProcess,
    private readonly port: number,
    private readonly record: pg.Client,
  ) {}

  async json(rows: number): Promise<Measured> {
    const id = randomUUID();
    const lines = Array.from({ length: rows }, (_, index) => ({
      reference_id: `${id}-${index}`,
      payee_fa: `account_no:${1_000_000 + index}@BANKRWRW`,
      payee_name: 'Bench Payee',
      amount: '100.50',
      currency_code: 'KES',
      note: 'Payment for cycle 12 under Cash for Schools',
      purpose: 'Cash for Schools',
    }));
    const message = { transaction_id: id, disbursements: lines };
    const body = Buffer.from(JSON.stringify({ header: { message_id: id }, message }));
    return this.measure('json', id, rows, body, 'application/json');
  }

  async csv(rows: number): Promise<Measured> {
    const id = randomUUID();
    const boundary = 'bench-boundary';
    const field = (name: string, value: string): string =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
    const pieces = [
      field('action', 'disburse') + field('fileFormat', 'csv') + field('transaction_id', id),
      `--${boundary}\r\nContent-Disposition: form-data; name="fileName"; filename="list.csv"\r\n\r\n`,
      'reference_id,payee_fa,amount,currency_code,payee_name,note\r\n',
    ];
    for (let index = 0; index < rows; index += 1)
      pieces.push(
        `${id}-${index},account_no:${1_000_000 + index}@BANKRWRW,100.50,KES,"Payee, Bench",Cash for Schools\r\n`,
      );
    pieces.push(`\r\n--${boundary}--\r\n`);
    const body = Buffer.from(pieces.join(''));
    return this.measure('csv', id, rows, body, `multipart/form-data; boundary=${boundary}`);
  }

  private async measure(
    what: string,
    id: string,
    rows: number,
    body: Buffer,
    type: string,
  ): Promise<Measured> {
    await this.untilQuiet();
    await this.stallMs();
    const pid = this.gateway.pid!;
    const memory = watchMemory(pid);
    const cpu = cpuMicros(pid);
    const started = performance.now();
    const sent = await this.post(body, type);
    const ackMs = performance.now() - started;
    const client = new ApiClient(`http://127.0.0.1:${this.port}`);
    while ((await client.batch(id)).total_count < rows) await sleep(200);
    const loadedMs = performance.now() - started;
    return {
      what,
      rows,
      bytes: body.length,
      ackMs: Math.round(ackMs),
      ackAfterLastByteMs: Math.round(sent.answeredAt - sent.lastByteAt),
      loadedMs: Math.round(loadedMs),
      longestStallMs: await this.stallMs(),
      peakRssMb: memory.stop(),
      cpuMicrosPerRow: Math.round((cpuMicros(pid) - cpu) / rows),
    };
  }

  /** Until everything that was taken before is on Kafka: one message is measured, not the work that others left. */
  private async untilQuiet(): Promise<void> {
    const waiting = async (): Promise<boolean> => {
      const { rowCount } = await this.record.query(
        'SELECT FROM dispatch_range WHERE published_at IS NULL LIMIT 1',
      );
      return rowCount !== 0;
    };
    while (await waiting()) await sleep(200);
    await sleep(300);
  }

  private post(body: Buffer, type: string): Promise<{ lastByteAt: number; answeredAt: number }> {
    return new Promise((resolve, reject) => {
      let lastByteAt = 0;
      const outgoing = request(
        {
          port: this.port,
          path: '/disburse',
          method: 'POST',
          headers: {
            'Content-Type': type,
            'Content-Length': body.length,
            Authorization: `Basic ${btoa('openg2p:openg2p')}`,
          },
        },
        (answer) => {
          let text = '';
          answer.on('data', (bytes: Buffer) => (text += bytes.toString()));
          answer.on('end', () => {
            if (answer.statusCode === 200 && text.includes('"ACK"'))
              resolve({ lastByteAt, answeredAt: performance.now() });
            else reject(new Error(`not acknowledged: HTTP ${answer.statusCode} ${text}`));
          });
        },
      );
      outgoing.on('finish', () => (lastByteAt = performance.now()));
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  }

  /** The longest event-loop delay since this was asked last, from the gateway's own metrics. */
  private async stallMs(): Promise<number> {
    const text = await (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text();
    return Math.round(Number(/^nodejs_eventloop_lag_max_seconds ([\d.e+-]+)$/m.exec(text)?.[1] ?? 0) * 1000);
  }
}

function tell(measured: Measured): Measured {
  process.stdout.write(`${JSON.stringify(measured)}\n`);
  return measured;
}

function report(results: readonly Measured[]): void {
  const floor = Math.max(...results.filter(({ rows }) => rows === 1000).map(({ peakRssMb }) => peakRssMb));
  for (const { what, rows, ackMs, longestStallMs, peakRssMb } of results) {
    const bound = what === 'json' ? (BOUNDS[rows] ?? Infinity) : Infinity;
    const verdicts = [
      `ack ${ackMs} ms ${ackMs <= bound ? 'ok' : `over ${bound}`}`,
      `stall ${longestStallMs} ms ${longestStallMs <= STALL_MAX_MS ? 'ok' : `over ${STALL_MAX_MS}`}`,
      `memory +${peakRssMb - floor} MiB ${peakRssMb - floor <= RSS_GROWTH_MAX_MB ? 'ok' : `over ${RSS_GROWTH_MAX_MB}`}`,
    ];
    process.stdout.write(`intake: ${what} ${rows}: ${verdicts.join(', ')}\n`);
  }
}

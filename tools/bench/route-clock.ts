import type { Consumer } from 'kafkajs';

/** What one role of the route bench needs. `copy` is bare kafkajs, `copy-ours` the product's reader and producer. */
export type Role = 'route' | 'copy' | 'copy-ours' | 'rules';

export interface RoleParts {
  brokers: string;
  prefix: string;
  items: number;
  partitions: number;
}

export interface RoleRound {
  seconds: number;
  /** User and system time of this process over the round. */
  cpuMicros: number;
}

/** Topic that the copies write. */
export const COPY_TOPIC = 'bench.copy';

/** A role: the promise of its first round, which begins with the first record, and one more round per call. */
export interface RunningRole {
  first: Promise<RoleRound>;
  again: () => Promise<RoleRound>;
}

/** Counts one round: from the first record that is handed over until every record's result is in Kafka. */
export class RoundClock {
  private started: { at: number; cpu: NodeJS.CpuUsage } | undefined;
  private done = 0;
  private finish: ((round: RoleRound) => void) | undefined;

  constructor(private readonly items: number) {}

  next(): Promise<RoleRound> {
    this.started = undefined;
    this.done = 0;
    return new Promise((resolve) => (this.finish = resolve));
  }

  begin(): void {
    this.started ??= { at: performance.now(), cpu: process.cpuUsage() };
  }

  end(records: number): void {
    this.done += records;
    if (this.done < this.items || this.started === undefined) return;
    const { user, system } = process.cpuUsage(this.started.cpu);
    this.finish?.({ seconds: (performance.now() - this.started.at) / 1000, cpuMicros: user + system });
  }
}

/** A role that reads the topic once as it is filled, and again from its start for each further round. */
export function repeating(
  consumer: Consumer,
  topic: string,
  parts: RoleParts,
  clock: RoundClock,
): RunningRole {
  return {
    first: clock.next(),
    again: () => {
      const round = clock.next();
      for (let partition = 0; partition < parts.partitions; partition += 1)
        consumer.seek({ topic, partition, offset: '0' });
      return round;
    },
  };
}

/** Serves the launcher: tells it every round of this process. */
export async function serveRole(
  start: (role: Role, parts: RoleParts) => Promise<RunningRole>,
): Promise<void> {
  const { first, again } = await start(process.argv[2] as Role, JSON.parse(process.argv[3]!) as RoleParts);
  const tell = (round: RoleRound): void => void process.send!(round);
  process.on('message', () => void again().then(tell));
  process.on('SIGTERM', () => process.exit(0));
  process.send!('ready');
  tell(await first);
}

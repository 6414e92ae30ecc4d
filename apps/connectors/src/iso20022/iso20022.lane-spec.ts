import type { CallContext, CollectHooks, Instruction, Outcome, SubmitError } from '../connector.js';
import { LaneStopped, RailError } from '../rail-error.js';
import type { BankFiles } from './bank-files.js';
import { Iso20022Connector } from './iso20022.connector.js';
import { config } from './iso20022.rig-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { PASSWORD, type SftpServer } from './sftp-server-spec.js';

export const ctx: CallContext = { beforeSend: () => undefined, timeoutMs: 5_000 };

/** A connector to an SFTP server, and what it told the connect step. */
export class RigLane {
  readonly woken: string[] = [];
  readonly alarms: string[] = [];
  readonly stops: LaneStopped[] = [];
  readonly connector: Iso20022Connector;
  readonly hooks: CollectHooks = {
    wake: (railIds) => {
      this.woken.push(...railIds);
      return Promise.resolve();
    },
    stop: ({ kind, message }) => {
      this.stops.push(new LaneStopped(kind, message));
      return Promise.resolve();
    },
    alarm: (sentence) => void this.alarms.push(sentence),
  };

  constructor(
    private readonly server: Pick<SftpServer, 'port' | 'hostKey'>,
    readonly files: BankFiles = new MemoryBankFiles(),
    change: Record<string, unknown> = {},
  ) {
    const access = { port: server.port, hostKeys: [server.hostKey], password: PASSWORD };
    const times = { requestTimeoutMs: 2_500, absentIsFinalAfterMs: 0, pollAfterMs: 1 };
    this.connector = new Iso20022Connector('core-banking', config({ ...access, ...times, ...change }), files);
  }

  /** Another process with the same record. */
  beside(change: Record<string, unknown>): RigLane {
    return new RigLane(this.server, this.files, change);
  }

  /** Outcomes in the order of the items, or the one error that was thrown. */
  async submit(...items: Instruction[]): Promise<(Outcome | SubmitError)[] | RailError> {
    try {
      const results = await this.connector.submit(items, ctx);
      return items.map(({ railId }) => results.find((one) => one.railId === railId)!);
    } catch (error) {
      if (error instanceof RailError) return error;
      throw error;
    }
  }

  async kinds(...items: Instruction[]): Promise<string[]> {
    const answers = await this.connector.query(
      items.map(({ railId }) => ({ railId })),
      ctx,
    );
    return answers.map(({ kind }) => kind);
  }

  collect(): Promise<boolean> {
    return this.connector.collect(this.hooks, ctx);
  }
}

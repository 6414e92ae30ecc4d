import type { ConnectorFactory } from '../connector-registry.js';
import type {
  Absent,
  CallContext,
  CollectHooks,
  ConnectorManifest,
  InboundResult,
  Instruction,
  Outcome,
  QueryKey,
  RailConnector,
  SubmitError,
  Violation,
} from '../connector.js';
import { requireValid } from '../one-by-one.js';
import { InvalidInstruction, LaneStopped, NotSent, OutcomeUnknown } from '../rail-error.js';
import { BankFileRepository } from './bank-file.repository.js';
import type { BankFiles, KeptFile, KeptItem } from './bank-files.js';
import { AnswerReader } from './iso20022.answers.js';
import { openSession, type BankSession } from './iso20022.client.js';
import { readIso20022Config, type Iso20022Config } from './iso20022.config.js';
import { iso20022Manifest } from './iso20022.manifest.js';
import { planFile, violationsOf } from './iso20022.mapping.js';
import { outcomeOf } from './iso20022.outcome.mapping.js';
import { FilePlacer } from './iso20022.placer.js';
import { LostItemRepository, NOTHING_LOST, type LostItems } from './lost-items.js';

/** Files are placed over one connection and answers read over another, so that what breaks the one leaves the other. */
type Use = 'placing' | 'reading';

/** ISO 20022 files over SFTP: pain.001 out, pain.002 and statements in. Nothing is inferred from silence. */
export class Iso20022Connector implements RailConnector {
  readonly manifest: ConnectorManifest;
  private readonly placer: FilePlacer;
  private readonly answers: AnswerReader;
  private readonly sessions = new Map<Use, Promise<BankSession>>();

  constructor(
    private readonly laneId: string,
    private readonly config: Iso20022Config,
    private readonly files: BankFiles,
    private readonly lost: LostItems = NOTHING_LOST,
  ) {
    this.manifest = iso20022Manifest(config);
    this.placer = new FilePlacer(config, files);
    this.answers = new AnswerReader(config, files, lost);
  }

  validate(instruction: Instruction): Violation[] {
    return violationsOf(instruction, this.config);
  }

  /** One file for all of them; an attempt whose earlier file may have reached the bank goes into no other. */
  async submit(items: readonly Instruction[], ctx: CallContext): Promise<(Outcome | SubmitError)[]> {
    const { maxItems } = this.manifest.submit;
    if (items.length === 0 || items.length > maxItems)
      throw new InvalidInstruction(`1 to ${maxItems} items, not ${items.length}`);
    for (const item of items) requireValid(item, (one) => this.validate(one));
    ctx.beforeSend();
    const session = await this.open('placing', ctx.timeoutMs);
    const again = await this.sentBefore(session, items);
    const fresh = items.filter(({ railId }) => !again.has(railId));
    if (fresh.length === 0) return [...again.values()];
    const plan = planFile(this.laneId, fresh, this.config);
    await this.placer.place(session, plan, ctx);
    const at = new Date();
    const { pollAfterMs } = this.config;
    const placed = fresh.map(({ railId }): Outcome => {
      return { railId, railHandle: plan.messageId, at, kind: 'accepted', pollAfterMs };
    });
    return [...again.values(), ...placed];
  }

  /** From our record of the bank's answers; the bank's folder is looked at only where a file may or may not be there. */
  async query(keys: readonly QueryKey[], ctx: CallContext): Promise<(Outcome | Absent)[]> {
    const kept = await this.files.find(keys.map(({ railId }) => railId));
    const answers: (Outcome | Absent)[] = [];
    for (const key of keys) answers.push(await this.ask(key, kept.get(key.railId), ctx));
    return answers;
  }

  /** The bank calls nobody: it leaves files. */
  parseInbound(): InboundResult {
    return { wake: [], outcomes: [] };
  }

  async collect(hooks: CollectHooks, ctx: CallContext): Promise<boolean> {
    return this.answers.collect(await this.open('reading', ctx.timeoutMs), hooks);
  }

  /** @throws LaneStopped while the server, its key, our credentials or a refused file need somebody. */
  async health(ctx: CallContext): Promise<void> {
    const session = await this.open('reading', ctx.timeoutMs);
    for (const folder of ['ordersFolder', 'answersFolder'] as const) {
      try {
        await session.list(this.config[folder]);
      } catch (cause) {
        throw new LaneStopped('configuration', `settings.${folder} cannot be listed`, { cause });
      }
    }
    const trouble = (await this.files.openTrouble()) ?? (await this.answers.silence());
    if (trouble !== undefined) throw new LaneStopped(trouble.kind, trouble.message);
  }

  async close(): Promise<void> {
    const sessions = [...this.sessions.values()];
    this.sessions.clear();
    for (const session of sessions) (await session.catch(() => undefined))?.close();
  }

  /** The attempts that an earlier file may have brought to the bank, and what is known of them. */
  private async sentBefore(
    session: BankSession,
    items: readonly Instruction[],
  ): Promise<Map<string, Outcome | SubmitError>> {
    const left = new Map<string, boolean>();
    const answers = new Map<string, Outcome | SubmitError>();
    try {
      for (const [railId, { item, file }] of await this.files.find(items.map((one) => one.railId))) {
        const { messageId } = file;
        if (!left.has(messageId)) left.set(messageId, await this.placer.leftUs(session, file));
        if (left.get(messageId) === true) answers.set(railId, this.answerOf(item, file));
      }
    } catch (cause) {
      throw new NotSent('nobody can tell now whether an earlier file is at the bank', { cause });
    }
    return answers;
  }

  private answerOf(item: KeptItem, file: KeptFile): Outcome | SubmitError {
    if (file.state === 'placed' || item.said !== undefined) return outcomeOf(item, this.config.pollAfterMs);
    const error = new OutcomeUnknown(`file ${file.messageId} may be at the bank`);
    return { railId: item.railId, kind: 'error', error };
  }

  private async ask(
    key: QueryKey,
    kept: { item: KeptItem; file: KeptFile } | undefined,
    ctx: CallContext,
  ): Promise<Outcome | Absent> {
    const { railId } = key;
    if (kept === undefined) return this.askWithoutFile(key, ctx);
    const { item, file } = kept;
    if (file.state === 'placed' || item.said !== undefined) return outcomeOf(item, this.config.pollAfterMs);
    if (file.state === 'prepared') return { railId, kind: 'absent' };
    switch (await this.placer.look(await this.open('reading', ctx.timeoutMs), file)) {
      case 'there':
        await this.files.placed([file.messageId], 'us');
        return outcomeOf(item, this.config.pollAfterMs);
      case 'not-renamed':
      case 'withdrawn':
        return { railId, kind: 'absent' };
      case 'gone':
        return { railId, at: new Date(), kind: 'unknown', why: 'the bank may have collected its file' };
    }
  }

  /** The record has no file with it. After a restore that proves nothing: the bank's answers may still name it. */
  private async askWithoutFile(
    { railId, railHandle, railReference }: QueryKey,
    ctx: CallContext,
  ): Promise<Outcome | Absent> {
    const unknown = (why: string): Outcome => ({ railId, at: new Date(), kind: 'unknown', why });
    if (await this.lost.possible()) {
      if (await this.answers.hasUnread(await this.open('reading', ctx.timeoutMs)))
        return unknown('answers of the bank are still to be read');
      const item = await this.lost.find(railId);
      if (item !== undefined) return outcomeOf(item, this.config.pollAfterMs);
    }
    // Its file was placed once, so our record has lost something.
    if (railHandle !== undefined || railReference !== undefined)
      return unknown('the record does not know its file any more');
    return { railId, kind: 'absent' };
  }

  /** The open connection for this use, or a new one; whoever comes meanwhile shares it. */
  private async open(use: Use, timeoutMs: number): Promise<BankSession> {
    const current = this.sessions.get(use);
    const open = await current?.catch(() => undefined);
    if (open?.usable === true) return open;
    if (this.sessions.get(use) !== current) return this.open(use, timeoutMs);
    const session = openSession(this.config, timeoutMs);
    this.sessions.set(use, session);
    return session;
  }
}

export const iso20022: ConnectorFactory = ({ laneId, settings, sql }) => {
  const config = readIso20022Config(laneId, settings);
  const lost = new LostItemRepository(sql, laneId, config);
  return new Iso20022Connector(laneId, config, new BankFileRepository(sql, laneId), lost);
};

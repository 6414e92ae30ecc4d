import type { CallContext } from '../connector.js';
import { LaneStopped, NotSent, OutcomeUnknown } from '../rail-error.js';
import type { BankFiles, KeptFile } from './bank-files.js';
import { StepRefused, type BankSession } from './iso20022.client.js';
import type { Iso20022Config } from './iso20022.config.js';
import type { FilePlan } from './iso20022.mapping.js';
import { writePain001 } from './iso20022.writer.js';

/** What the bank's folder shows of a file whose rename may have left us. */
export type Look =
  | 'there'
  /** Its temporary name is still there, so it never had its own. */
  | 'not-renamed'
  /** Somebody took its temporary name away, so it never will have its own. */
  | 'withdrawn'
  /** Neither: the bank may have collected it. */
  | 'gone';

/**
 * Puts a file before the bank exactly once. Until the rename nothing counts: the bank reads no temporary names. The
 * record says `placing` before the rename leaves, and whoever wants the attempts back must first take away the row
 * or the temporary file, so a process that was frozen meanwhile finds nothing left to rename.
 */
export class FilePlacer {
  constructor(
    private readonly config: Iso20022Config,
    private readonly files: BankFiles,
  ) {}

  /** @throws NotSent | LaneStopped when the file is certainly not there; OutcomeUnknown when it may be. */
  async place(session: BankSession, plan: FilePlan, ctx: CallContext): Promise<void> {
    const createdAt = new Date();
    const file = await this.prepare(plan, createdAt);
    try {
      await session.write(this.temporary(file), writePain001(plan, createdAt, this.config));
      if (!(await this.files.placing(file))) throw new NotSent('the file was taken back by another process');
      ctx.beforeSend();
    } catch (error) {
      await this.takeBack(session, file);
      throw notSent(error);
    }
    await this.rename(session, file);
    try {
      await this.files.placed([file.messageId], 'us');
    } catch (cause) {
      throw new OutcomeUnknown('the file is placed, and the record did not take it', { cause });
    }
  }

  /**
   * Whether a file of an earlier send may have reached the bank. False: it has not and never will, and its attempts
   * are free for another file.
   */
  async leftUs(session: BankSession, file: KeptFile): Promise<boolean> {
    if (file.state === 'placed') return true;
    if (file.state === 'prepared') {
      const free = await this.files.discard(file);
      // Only litter by now: whoever wrote it must not rename it any more.
      if (free) await session.remove(this.temporary(file)).catch(() => false);
      return !free;
    }
    const look = await this.look(session, file);
    if (look === 'there') await this.files.placed([file.messageId], 'us');
    if (look === 'there' || look === 'gone') return true;
    // Only one of two can win: this rename, or the one that may still be on its way. What it leaves is the proof.
    if (look === 'not-renamed' && !(await this.withdraw(session, file))) return true;
    const free = await this.files.discard(file);
    if (free) await session.remove(this.path(withdrawnName(file))).catch(() => false);
    return !free;
  }

  /** Without side effects. */
  async look(session: BankSession, file: KeptFile): Promise<Look> {
    const names = new Set((await session.list(this.config.ordersFolder)).map(({ name }) => name));
    if (names.has(file.fileName)) return 'there';
    if (names.has(withdrawnName(file))) return 'withdrawn';
    return names.has(temporaryName(file)) ? 'not-renamed' : 'gone';
  }

  /** @returns false where the temporary file is not there any more. */
  private async withdraw(session: BankSession, file: KeptFile): Promise<boolean> {
    try {
      await session.rename(this.temporary(file), this.path(withdrawnName(file)));
      return true;
    } catch (error) {
      if (error instanceof StepRefused) return false;
      throw error;
    }
  }

  private async prepare(plan: FilePlan, createdAt: Date): Promise<KeptFile> {
    try {
      return await this.files.prepare(plan, createdAt);
    } catch (cause) {
      throw new NotSent('the record did not take the file', { cause });
    }
  }

  private async rename(session: BankSession, file: KeptFile): Promise<void> {
    try {
      await session.rename(this.temporary(file), this.path(file.fileName));
    } catch (error) {
      if (!(error instanceof StepRefused))
        throw new OutcomeUnknown('no answer to the rename', { cause: error });
      const look = await this.look(session, file).catch((cause: unknown) => {
        throw new OutcomeUnknown('the rename was refused, and the folder cannot be listed', { cause });
      });
      // The same message id is there already: an earlier send of the same attempts that our record has lost.
      if (look === 'there') return;
      await this.takeBack(session, file);
      if (look !== 'not-renamed') throw new NotSent('the file was taken back by another process');
      throw new LaneStopped('configuration', `the server refuses files (status ${error.status})`, {
        cause: error,
      });
    }
  }

  /**
   * The file was certainly not placed. What cannot be tidied up here harms nobody: the bank reads no temporary names,
   * and the next send of the attempts finds the row and frees them.
   */
  private async takeBack(session: BankSession, file: KeptFile): Promise<void> {
    // The row first: the temporary file is the proof for whoever finds the row.
    const freed = [];
    for (const state of ['prepared', 'placing'] as const)
      freed.push(await this.files.discard({ ...file, state }).catch(() => false));
    if (freed.includes(true)) await session.remove(this.temporary(file)).catch(() => false);
  }

  private temporary(file: KeptFile): string {
    return this.path(temporaryName(file));
  }

  private path(name: string): string {
    return `${this.config.ordersFolder}/${name}`;
  }
}

/** Two processes that prepare the same file never write into each other's. */
function temporaryName({ fileName, claim }: KeptFile): string {
  return `${fileName}.${claim}.tmp`;
}

/** Still no name that a bank reads. */
function withdrawnName({ fileName, claim }: KeptFile): string {
  return `${fileName}.${claim}.withdrawn.tmp`;
}

/** Everything before the rename leaves nothing behind. */
function notSent(error: unknown): Error {
  if (error instanceof NotSent || error instanceof LaneStopped) return error;
  if (error instanceof StepRefused)
    return new LaneStopped('configuration', `the server refuses files (status ${error.status})`, {
      cause: error,
    });
  return new NotSent('the file was not placed', { cause: error });
}

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Client, type SFTPWrapper } from 'ssh2';
import { LaneStopped, NotSent } from '../rail-error.js';
import type { AnswerEntry } from './bank-files.js';
import type { Iso20022Config } from './iso20022.config.js';

/** The server refused a step in so many words (SFTP status): the step was not done. */
export class StepRefused extends Error {
  constructor(
    step: string,
    /** SFTP status: 2 no such file, 3 permission denied, 4 failure (a rename onto a name that is taken). */
    readonly status: number,
  ) {
    super(`the server refused to ${step} (status ${status})`);
  }
}

/** No answer to a step: it may or may not have been done. */
export class ConnectionLost extends Error {}

const NO_SUCH_FILE = 2;
const STATUS_MAX = 31;

/** The few steps on the bank's server that files need. One connection, used for all steps until `close`. */
export class BankSession {
  private lost: Error | undefined;
  /** Steps that wait for their answer, many at once; each is told when the connection is lost. */
  private readonly waiting = new Set<() => void>();

  constructor(
    private readonly client: Client,
    private readonly sftp: SFTPWrapper,
    private readonly timeoutMs: number,
  ) {
    client.on('error', (error) => (this.lost ??= error));
    client.on('close', () => {
      this.lost ??= new Error('the connection was closed');
      for (const lose of this.waiting) lose();
    });
  }

  get usable(): boolean {
    return this.lost === undefined;
  }

  write(path: string, content: string): Promise<void> {
    return this.step('write', (done) => this.sftp.writeFile(path, content, done));
  }

  /** Refused by the server where the new name is taken: nothing is ever overwritten. */
  rename(from: string, to: string): Promise<void> {
    return this.step('rename', (done) => this.sftp.rename(from, to, done));
  }

  /** @returns false where there is no such file. */
  async remove(path: string): Promise<boolean> {
    try {
      await this.step('remove', (done) => this.sftp.unlink(path, done));
      return true;
    } catch (error) {
      if (error instanceof StepRefused && error.status === NO_SUCH_FILE) return false;
      throw error;
    }
  }

  /** Plain files of a folder. */
  async list(folder: string): Promise<AnswerEntry[]> {
    const found = await this.step<Parameters<Parameters<SFTPWrapper['readdir']>[1]>[1]>('list', (done) =>
      this.sftp.readdir(folder, done),
    );
    return found
      .filter(({ attrs }) => (attrs.mode & 0o170000) === 0o100000)
      .map(({ filename, attrs }) => ({ name: filename, size: attrs.size, modifiedAt: attrs.mtime }));
  }

  read(path: string): Promise<Buffer> {
    return this.step('read', (done) => this.sftp.readFile(path, done));
  }

  close(): void {
    this.client.end();
  }

  /** @throws StepRefused | ConnectionLost */
  private step<T = void>(
    name: string,
    start: (done: (error?: unknown, result?: T) => void) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const lose = (cause?: unknown): void => {
        this.client.destroy();
        reject(new ConnectionLost(`no answer to ${name}`, { cause }));
      };
      if (!this.usable) return lose(this.lost);
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(closed);
      };
      const closed = (): void => {
        end();
        lose(this.lost);
      };
      const timer = setTimeout(lose, this.timeoutMs);
      this.waiting.add(closed);
      start((error, result) => {
        end();
        if (error === undefined || error === null) return resolve(result as T);
        const status = statusOf(error);
        if (status === undefined) lose(error);
        else reject(new StepRefused(name, status));
      });
    });
  }
}

/** SFTP statuses are small numbers; 6 and 7 are the library's own for a connection that is gone. */
function statusOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' && code <= STATUS_MAX && code !== 6 && code !== 7 ? code : undefined;
}

/**
 * Connects, and says nothing before the server has shown one of the pinned keys.
 * @throws LaneStopped for another key, refused credentials or a missing key file; NotSent for everything else.
 */
export function openSession(config: Iso20022Config, timeoutMs: number): Promise<BankSession> {
  const credentials = credentialsOf(config);
  const waitMs = Math.max(1, Math.min(timeoutMs, config.requestTimeoutMs));
  return new Promise((resolve, reject) => {
    const client = new Client();
    let strange: string | undefined;
    // An error that nobody listens to would end the process; every step sees the loss by itself.
    client.on('error', () => undefined);
    const fail = (error: Error & { level?: string }): void => {
      client.destroy();
      if (strange !== undefined)
        reject(
          new LaneStopped(
            'auth',
            `the server shows the key ${strange}, which settings.hostKeys does not name`,
          ),
        );
      else if (error.level === 'client-authentication')
        reject(new LaneStopped('auth', 'the server refuses our credentials'));
      else reject(new NotSent('no connection to the server', { cause: error }));
    };
    client.once('error', fail);
    client.once('close', () => fail(new Error('the connection was closed')));
    client.once('ready', () =>
      client.sftp((error, sftp) => {
        if (error !== undefined) return fail(error);
        client.removeListener('error', fail);
        client.removeAllListeners('close');
        resolve(new BankSession(client, sftp, config.requestTimeoutMs));
      }),
    );
    client.connect({
      host: config.host,
      port: config.port,
      username: config.username,
      ...credentials,
      readyTimeout: waitMs,
      keepaliveInterval: 10_000,
      hostVerifier: (key: Buffer): boolean => {
        const shown = fingerprint(key);
        if (config.hostKeys.includes(shown)) return true;
        strange = shown;
        return false;
      },
    });
  });
}

/** As ssh-keygen -l prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function credentialsOf({
  privateKeyFile,
  password,
}: Iso20022Config): { privateKey: Buffer } | { password: string } {
  if (privateKeyFile === undefined) return { password: password! };
  try {
    return { privateKey: readFileSync(privateKeyFile) };
  } catch (cause) {
    throw new LaneStopped('configuration', 'settings.privateKeyFile cannot be read', { cause });
  }
}

import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../tools/stack/free-port.js';
import { pythonPackage } from '../../../../tools/testing/python-package-spec.js';

/** The one version that tests use. */
export const MOCK_BANK_VERSION = '0.9.0';
const SSHD = '/usr/sbin/sshd';
const READY_MS = 15_000;
let program = '';

/** Why the outside bank cannot be had here, or undefined where it can; installs it at the first use (PyPI). */
export function mockBankMissing(): string | undefined {
  if (!existsSync(SSHD)) return 'OpenSSH server is not installed';
  const asRoot = userInfo().uid === 0;
  try {
    // Debian makes it when the service starts, and nothing is started as a service here.
    if (asRoot) mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
    program = join(pythonPackage('mock-bank', MOCK_BANK_VERSION), 'bin/mock-bank');
  } catch {
    return 'Python 3 with venv, or mock-bank by pip, cannot be had';
  }
  return undefined;
}

/** mock-bank, a whole bank that others wrote, behind a real OpenSSH server; both on loopback, both end with `stop`. */
export class MockBank {
  readonly folder = mkdtempSync(join(tmpdir(), 'mock-bank-'));
  readonly keyFile = join(this.folder, 'client-key');
  hostKey = '';
  sshPort = 0;
  private url = '';
  private readonly children: ChildProcess[] = [];
  private output = '';

  get orders(): string {
    return join(this.folder, 'in');
  }

  get answers(): string {
    return join(this.folder, 'out');
  }

  async start(): Promise<void> {
    for (const folder of [this.orders, this.answers]) mkdirSync(folder);
    await this.startSsh();
    const port = await freePort();
    this.url = `http://127.0.0.1:${port}`;
    // After the cut-off, so that nothing is booked before a test lets the clock go on.
    const clock = `${new Date().toISOString().slice(0, 10)}T16:00`;
    const folders = ['--drop-dir', this.orders, '--pickup-dir', this.answers];
    // Files are read when a test says so, never by the bank's own clock.
    const times = ['--drop-settle-ms', '0', '--drop-interval-ms', '3600000', '--clock', clock];
    this.spawn(program, ['--port', String(port), '-q', ...folders, ...times]);
    await this.until(async () => (await fetch(`${this.url}/_mock/health`)).ok);
  }

  async stop(): Promise<void> {
    for (const child of this.children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The bank reads its folder, once. */
  async scan(): Promise<void> {
    await this.call('POST', 'drop/scan');
  }

  /** The bank's clock goes on; it books, reports and returns what comes due. */
  async advance(days: number): Promise<void> {
    await this.call('POST', `advance?days=${days}`);
  }

  async behave(account: string, behaviour: string, parameters: Record<string, unknown> = {}): Promise<void> {
    await this.call('PATCH', `accounts/${account}`, { behaviour, parameters });
  }

  /** Payments that the bank has decided on or booked with this EndToEndId. */
  async payments(endToEndId: string): Promise<{ status: string }[]> {
    const found = await fetch(`${this.url}/_mock/payments/${endToEndId}?all`);
    if (found.status === 404) return [];
    const body = (await found.json()) as { status: string } | { status: string }[];
    return Array.isArray(body) ? body : [body];
  }

  /** Files that lie in a folder of the bank, as text. */
  texts(folder: string): Map<string, string> {
    const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.xml')) : [];
    return new Map(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
  }

  /** The same file once more in the bank's folder, as after a repeated upload. */
  repeat(name: string): void {
    copyFileSync(join(this.orders, 'processed', name), join(this.orders, `again-${name}.tmp`));
    renameSync(join(this.orders, `again-${name}.tmp`), join(this.orders, `again-${name}`));
  }

  private async call(method: string, path: string, body?: object): Promise<void> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}/_mock/${path}`, init);
    if (!answer.ok) throw new Error(`${path} is answered ${answer.status}: ${await answer.text()}`);
  }

  private async startSsh(): Promise<void> {
    const hostKey = join(this.folder, 'host-key');
    for (const file of [hostKey, this.keyFile])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file], { stdio: 'ignore' });
    const shown = execFileSync('ssh-keygen', ['-l', '-f', `${hostKey}.pub`], { encoding: 'utf8' });
    this.hostKey = /SHA256:\S+/.exec(shown)?.[0] ?? '';
    this.sshPort = await freePort();
    const settings = [
      `Port ${this.sshPort}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${hostKey}`,
      `AuthorizedKeysFile ${this.keyFile}.pub`,
      `PidFile ${join(this.folder, 'sshd.pid')}`,
      ...['UsePAM no', 'StrictModes no', 'PasswordAuthentication no', 'PermitRootLogin prohibit-password'],
      ...['Subsystem sftp internal-sftp', 'ForceCommand internal-sftp'],
    ];
    const file = join(this.folder, 'sshd_config');
    writeFileSync(file, `${settings.join('\n')}\n`);
    chmodSync(this.folder, 0o755);
    this.spawn(SSHD, ['-D', '-e', '-f', file]);
    await this.until(() => Promise.resolve(this.output.includes('Server listening')));
  }

  private spawn(command: string, args: string[]): void {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.children.push(child);
  }

  private async until(ready: () => Promise<boolean>): Promise<void> {
    const end = performance.now() + READY_MS;
    while (!(await ready().catch(() => false))) {
      if (performance.now() > end) throw new Error(`the bank did not start: ${this.output.slice(-500)}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

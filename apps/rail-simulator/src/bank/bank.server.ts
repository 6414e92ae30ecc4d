import { timingSafeEqual, createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2, { type AuthContext, type Connection } from 'ssh2';
import type { BankFolders } from './bank.folders.js';
import { BANK_HOST_KEY } from './bank.key.js';
import type { BankService } from './bank.service.js';
import { BankSession } from './bank.session.js';

/** The SFTP server of the simulated bank. Every customer logs in under a name of its own, all with one development password. */
export class BankServer {
  private readonly server: ssh2.Server;
  private readonly clients = new Set<Connection>();

  constructor(
    private readonly bank: BankService,
    private readonly folders: BankFolders,
    private readonly password: string,
  ) {
    this.server = new ssh2.Server({ hostKeys: [BANK_HOST_KEY] }, (client) => this.serve(client));
  }

  /** @throws Error with code EADDRINUSE where the port is taken. */
  listen(port: number, host: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, host, () => {
        this.server.removeListener('error', reject);
        resolve();
      });
    });
  }

  /** The port that it listens on. */
  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const client of this.clients) client.end();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private serve(client: Connection): void {
    let account = '';
    this.clients.add(client);
    // A client that goes away in the middle of something is its own affair.
    client.on('error', () => undefined);
    client.on('close', () => this.clients.delete(client));
    client.on('authentication', (context) => {
      account = context.username;
      this.authenticate(client, context);
    });
    client.on('session', (accept) =>
      accept().on('sftp', (open) => new BankSession(account, client, open(), this.bank, this.folders)),
    );
  }

  private authenticate(client: Connection, context: AuthContext): void {
    if (context.method !== 'password') return context.reject(['password']);
    const trouble = this.bank.trouble(context.username);
    if (trouble === 'auth') return context.reject(['password']);
    if (trouble !== undefined) return void client.end();
    if (!this.folders.isAccount(context.username) || !same(context.password, this.password))
      return context.reject(['password']);
    this.folders.open(context.username).then(
      () => context.accept(),
      () => context.reject(),
    );
  }
}

function same(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest());
  return timingSafeEqual(first!, second!);
}

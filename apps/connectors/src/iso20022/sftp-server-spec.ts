import type { AddressInfo } from 'node:net';
import { posix } from 'node:path';
import ssh2, { type Connection, type FileEntry, type SFTPWrapper } from 'ssh2';
import { fingerprint } from './iso20022.client.js';

const { Server, utils } = ssh2;
const { STATUS_CODE, OPEN_MODE } = utils.sftp;
const REGULAR = 0o100640;
const FOLDER = 0o040750;
export const PASSWORD = 'gpo-dev-secret';

/** What the network or the server does to one step. */
export type StepFault = 'drop-before' | 'drop-after' | 'no-answer' | { status: number };

interface StoredFile {
  bytes: Buffer;
  modifiedAt: number;
}

/** A real SFTP server in this process, with its files in memory and faults on demand. Never overwrites by rename, as OpenSSH. */
export class SftpServer {
  readonly folders = new Set(['/in', '/out']);
  readonly files = new Map<string, StoredFile>();
  readonly steps: string[] = [];
  /** Asked before each step (open-write, rename, remove, list, open-read); the first answer counts. */
  fault: (step: string, path: string) => StepFault | undefined = () => undefined;
  refuseLogin = false;
  port = 0;
  readonly hostKey: string;
  private readonly server: ssh2.Server;
  private readonly connections = new Set<Connection>();

  constructor() {
    const { private: key } = utils.generateKeyPairSync('ed25519');
    const parsed = utils.parseKey(key);
    if (parsed instanceof Error) throw parsed;
    this.hostKey = fingerprint(parsed.getPublicSSH());
    this.server = new Server({ hostKeys: [key] }, (client) => this.serve(client));
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    this.port = (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    this.dropAll();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  dropAll(): void {
    for (const client of this.connections) client.end();
    this.connections.clear();
  }

  put(path: string, text: string, modifiedAt = Math.floor(Date.now() / 1000)): void {
    this.files.set(path, { bytes: Buffer.from(text), modifiedAt });
  }

  /** Names in a folder. */
  names(folder: string): string[] {
    return [...this.files.keys()]
      .filter((path) => posix.dirname(path) === folder)
      .map((path) => posix.basename(path));
  }

  text(path: string): string {
    return this.files.get(path)?.bytes.toString() ?? '';
  }

  private serve(client: Connection): void {
    this.connections.add(client);
    client.on('error', () => undefined);
    client.on('close', () => this.connections.delete(client));
    client.on('authentication', (context) => {
      if (context.method !== 'password') return context.reject(['password']);
      if (context.password === PASSWORD && !this.refuseLogin) context.accept();
      else context.reject(['password']);
    });
    client.on('session', (accept) => accept().on('sftp', (open) => this.answer(client, open())));
  }

  /** Does a step and sends its answer, or what the fault says instead. */
  private step(
    { client, sftp, id }: { client: Connection; sftp: SFTPWrapper; id: number },
    name: string,
    path: string,
    work: () => () => void,
  ): void {
    this.steps.push(name);
    const fault = this.fault(name, path);
    if (typeof fault === 'object') return sftp.status(id, fault.status);
    if (fault === 'drop-before') return void client.end();
    if (fault === 'no-answer') return undefined;
    const send = work();
    if (fault === 'drop-after') return void client.end();
    return send();
  }

  private answer(client: Connection, sftp: SFTPWrapper): void {
    const handles = new Map<number, { path: string; listed?: boolean }>();
    let last = 0;
    const give = (id: number, path: string): void => {
      const handle = Buffer.alloc(4);
      handle.writeUInt32BE((last += 1));
      handles.set(last, { path });
      sftp.handle(id, handle);
    };
    const of = (handle: Buffer): { path: string; listed?: boolean } =>
      handles.get(handle.readUInt32BE(0)) ?? { path: '' };
    const status = (id: number, code: number) => (): void => sftp.status(id, code);
    sftp.on('OPEN', (id, path, flags) => {
      const writing = (flags & OPEN_MODE.WRITE) !== 0;
      this.step({ client, sftp, id }, writing ? 'open-write' : 'open-read', path, () => {
        const known = writing ? this.folders.has(posix.dirname(path)) : this.files.has(path);
        if (!known) return status(id, STATUS_CODE.NO_SUCH_FILE);
        if (writing) this.put(path, '');
        return () => give(id, path);
      });
    });
    sftp.on('WRITE', (id, handle, offset, data) => {
      const file = this.files.get(of(handle).path);
      if (file === undefined) return sftp.status(id, STATUS_CODE.FAILURE);
      file.bytes = Buffer.concat([file.bytes.subarray(0, offset), data]);
      return sftp.status(id, STATUS_CODE.OK);
    });
    sftp.on('READ', (id, handle, offset, length) => {
      const bytes =
        this.files.get(of(handle).path)?.bytes.subarray(offset, offset + length) ?? Buffer.alloc(0);
      return bytes.length === 0 ? sftp.status(id, STATUS_CODE.EOF) : sftp.data(id, bytes);
    });
    sftp.on('FSTAT', (id, handle) => sftp.attrs(id, this.attrs(of(handle).path)));
    sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('CLOSE', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('RENAME', (id, from, to) =>
      this.step({ client, sftp, id }, 'rename', to, () => status(id, this.rename(from, to))),
    );
    sftp.on('REMOVE', (id, path) =>
      this.step({ client, sftp, id }, 'remove', path, () =>
        status(id, this.files.delete(path) ? STATUS_CODE.OK : STATUS_CODE.NO_SUCH_FILE),
      ),
    );
    sftp.on('OPENDIR', (id, path) =>
      this.step({ client, sftp, id }, 'list', path, () =>
        this.folders.has(path) ? () => give(id, path) : status(id, STATUS_CODE.NO_SUCH_FILE),
      ),
    );
    sftp.on('READDIR', (id, handle) => {
      const state = of(handle);
      if (state.listed === true) return sftp.status(id, STATUS_CODE.EOF);
      state.listed = true;
      return sftp.name(id, this.entries(state.path));
    });
  }

  private rename(from: string, to: string): number {
    const file = this.files.get(from);
    if (file === undefined) return STATUS_CODE.NO_SUCH_FILE;
    if (this.files.has(to)) return STATUS_CODE.FAILURE;
    this.files.delete(from);
    this.files.set(to, file);
    return STATUS_CODE.OK;
  }

  private entries(folder: string): FileEntry[] {
    const names = [...this.names(folder).map((name) => `${folder}/${name}`), `${folder}/processed`];
    return names.map((path) => ({ filename: posix.basename(path), longname: path, attrs: this.attrs(path) }));
  }

  private attrs(path: string): ssh2.Attributes {
    const file = this.files.get(path);
    const time = file?.modifiedAt ?? 0;
    const mode = file === undefined ? FOLDER : REGULAR;
    return { mode, uid: 0, gid: 0, size: file?.bytes.length ?? 0, atime: time, mtime: time };
  }
}

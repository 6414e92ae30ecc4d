import { open, readdir, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import ssh2, { type Attributes, type Connection, type FileEntry, type SFTPWrapper } from 'ssh2';
import { BankFolders, isFinal, ORDERS, type Place } from './bank.folders.js';
import type { BankService } from './bank.service.js';

const { STATUS_CODE, OPEN_MODE } = ssh2.utils.sftp;
const [PLAIN_FILE, FOLDER] = [0o100640, 0o040750];
const FILE_BYTES_MAX = 67_108_864;
const READ_BYTES_MAX = 262_144;
/** From the answer itself to the end of its connection. */
type Reply = () => void;

interface OpenFile {
  place: Place;
  file?: FileHandle;
  listed?: boolean;
}

/** One customer's SFTP session: its own two folders, a rename that never overwrites, and the faults it was armed with. */
export class BankSession {
  private readonly handles = new Map<number, OpenFile>();
  private lastHandle = 0;

  constructor(
    private readonly account: string,
    private readonly client: Connection,
    private readonly sftp: SFTPWrapper,
    private readonly bank: BankService,
    private readonly folders: BankFolders,
  ) {
    this.listen();
    sftp.on('close', () => {
      // Files that the client left open; nobody waits for them any more.
      for (const { file } of this.handles.values()) void file?.close().catch(() => undefined);
    });
  }

  private listen(): void {
    const { sftp } = this;
    sftp.on('OPEN', (id, path, flags) => this.step(id, () => this.open(id, path, flags)));
    sftp.on('WRITE', (id, handle, offset, data) => this.step(id, () => this.write(id, handle, offset, data)));
    sftp.on('READ', (id, handle, offset, length) =>
      this.step(id, () => this.read(id, handle, offset, length)),
    );
    sftp.on('CLOSE', (id, handle) => this.step(id, () => this.close(id, handle)));
    sftp.on('FSTAT', (id, handle) => this.step(id, () => this.stat(id, this.of(handle)?.place)));
    sftp.on('STAT', (id, path) => this.step(id, () => this.stat(id, this.place(path))));
    sftp.on('LSTAT', (id, path) => this.step(id, () => this.stat(id, this.place(path))));
    sftp.on('FSETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('SETSTAT', (id) => sftp.status(id, STATUS_CODE.OK));
    sftp.on('RENAME', (id, from, to) => this.request(id, () => this.rename(id, from, to)));
    sftp.on('REMOVE', (id, path) => this.request(id, () => this.remove(id, path)));
    sftp.on('OPENDIR', (id, path) => this.request(id, () => this.openFolder(id, path)));
    sftp.on('READDIR', (id, handle) => this.step(id, () => this.list(id, handle)));
    sftp.on('REALPATH', (id, path) => this.step(id, () => this.realPath(id, path)));
  }

  /** A step that may meet an armed fault. */
  private request(id: number, work: () => Promise<Reply>): void {
    const fault = this.bank.trouble(this.account);
    if (fault === undefined) return this.step(id, work);
    if (fault === 'silent') return undefined;
    if (fault === 'error') return this.sftp.status(id, STATUS_CODE.FAILURE);
    return void this.client.end();
  }

  /** Every request has one answer; a file that is not there is no failure of the bank. A client that is gone gets none. */
  private step(id: number, work: () => Promise<Reply>): void {
    const failed = (error: unknown): void => {
      const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
      this.sftp.status(id, missing ? STATUS_CODE.NO_SUCH_FILE : STATUS_CODE.FAILURE);
    };
    work()
      .then((reply) => reply(), failed)
      .catch(() => void this.client.end());
  }

  private status(id: number, code: number): Reply {
    return () => this.sftp.status(id, code);
  }

  private place(path: string): Place | undefined {
    return this.folders.place(this.account, path);
  }

  private of(handle: Buffer): OpenFile | undefined {
    return handle.length === 4 ? this.handles.get(handle.readUInt32BE(0)) : undefined;
  }

  private give(id: number, file: OpenFile): Reply {
    this.lastHandle += 1;
    this.handles.set(this.lastHandle, file);
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(this.lastHandle);
    return () => this.sftp.handle(id, handle);
  }

  private async open(id: number, path: string, flags: number): Promise<Reply> {
    const place = this.place(path);
    if (place?.name === undefined) return this.status(id, STATUS_CODE.NO_SUCH_FILE);
    const writing = (flags & OPEN_MODE.WRITE) !== 0;
    // A final name comes by rename only, so that nobody reads half a file.
    if (writing && (place.folder !== ORDERS || isFinal(place.name)))
      return this.status(id, STATUS_CODE.PERMISSION_DENIED);
    return this.give(id, { place, file: await open(place.path, writing ? 'w' : 'r') });
  }

  private async write(id: number, handle: Buffer, offset: number, data: Buffer): Promise<Reply> {
    const file = this.of(handle)?.file;
    if (file === undefined || offset + data.length > FILE_BYTES_MAX)
      return this.status(id, STATUS_CODE.FAILURE);
    await file.write(data, 0, data.length, offset);
    return this.status(id, STATUS_CODE.OK);
  }

  private async read(id: number, handle: Buffer, offset: number, length: number): Promise<Reply> {
    const file = this.of(handle)?.file;
    if (file === undefined) return this.status(id, STATUS_CODE.FAILURE);
    const buffer = Buffer.alloc(Math.min(length, READ_BYTES_MAX));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
    if (bytesRead === 0) return this.status(id, STATUS_CODE.EOF);
    return () => this.sftp.data(id, buffer.subarray(0, bytesRead));
  }

  private async close(id: number, handle: Buffer): Promise<Reply> {
    const known = this.of(handle);
    if (known === undefined) return this.status(id, STATUS_CODE.FAILURE);
    this.handles.delete(handle.readUInt32BE(0));
    await known.file?.close();
    return this.status(id, STATUS_CODE.OK);
  }

  private async stat(id: number, place: Place | undefined): Promise<Reply> {
    if (place === undefined) return this.status(id, STATUS_CODE.NO_SUCH_FILE);
    const attributes = await attributesOf(place.path);
    return () => this.sftp.attrs(id, attributes);
  }

  private async rename(id: number, fromPath: string, toPath: string): Promise<Reply> {
    const [from, to] = [this.place(fromPath), this.place(toPath)];
    if (from?.name === undefined || to?.name === undefined) return this.status(id, STATUS_CODE.NO_SUCH_FILE);
    if (from.folder !== ORDERS || to.folder !== ORDERS) return this.status(id, STATUS_CODE.PERMISSION_DENIED);
    const order = isFinal(to.name) ? to.name : undefined;
    const placing = order === undefined ? 'answered' : await this.bank.placing(this.account, from.path);
    if (placing === 'dropped-before') return () => void this.client.end();
    if (!(await this.folders.rename(from, to))) return this.status(id, STATUS_CODE.FAILURE);
    if (order !== undefined) this.bank.collectLater(this.account, order);
    if (placing === 'dropped-after') return () => void this.client.end();
    return this.status(id, STATUS_CODE.OK);
  }

  private async remove(id: number, path: string): Promise<Reply> {
    const place = this.place(path);
    if (place?.name === undefined) return this.status(id, STATUS_CODE.NO_SUCH_FILE);
    await unlink(place.path);
    return this.status(id, STATUS_CODE.OK);
  }

  private openFolder(id: number, path: string): Promise<Reply> {
    const place = this.place(path);
    const known = place !== undefined && place.name === undefined;
    return Promise.resolve(known ? this.give(id, { place }) : this.status(id, STATUS_CODE.NO_SUCH_FILE));
  }

  private async list(id: number, handle: Buffer): Promise<Reply> {
    const known = this.of(handle);
    if (known === undefined) return this.status(id, STATUS_CODE.FAILURE);
    if (known.listed === true) return this.status(id, STATUS_CODE.EOF);
    known.listed = true;
    const names = await readdir(known.place.path);
    const entries = await Promise.all(names.map((name) => entryOf(known.place.path, name)));
    return () =>
      this.sftp.name(
        id,
        entries.filter((entry) => entry !== undefined),
      );
  }

  private realPath(id: number, path: string): Promise<Reply> {
    const place = this.place(path);
    if (place === undefined) return Promise.resolve(this.status(id, STATUS_CODE.NO_SUCH_FILE));
    const real = `/${[place.folder, place.name].filter((part) => part !== undefined).join('/')}`;
    const attrs = { mode: FOLDER, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };
    return Promise.resolve(() => this.sftp.name(id, [{ filename: real, longname: real, attrs }]));
  }
}

/** Undefined for a file that was taken away meanwhile. */
async function entryOf(folder: string, name: string): Promise<FileEntry | undefined> {
  try {
    return { filename: name, longname: name, attrs: await attributesOf(join(folder, name)) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function attributesOf(path: string): Promise<Attributes> {
  const found = await stat(path);
  const { size, atimeMs, mtimeMs } = found;
  const seconds = (ms: number): number => Math.floor(ms / 1000);
  const mode = found.isDirectory() ? FOLDER : PLAIN_FILE;
  return { mode, uid: 0, gid: 0, size, atime: seconds(atimeMs), mtime: seconds(mtimeMs) };
}

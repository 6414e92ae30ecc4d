import { existsSync } from 'node:fs';
import { link, mkdir, readdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join, posix } from 'node:path';

/** Where a customer puts orders, and where the bank puts its answers. */
export const [ORDERS, ANSWERS] = ['in', 'out'] as const;
const FOLDERS: readonly string[] = [ORDERS, ANSWERS];
/** A customer's name is also the name of a folder. */
const ACCOUNT = /^[a-z0-9][a-z0-9-]{0,63}$/;
const FILE = /^[\w-][\w.-]{0,254}$/;

/** A place in a customer's own tree: its root, one of its two folders, or a file in one. */
export interface Place {
  folder: string | undefined;
  name: string | undefined;
  /** On this machine's disk. */
  path: string;
}

/** The folders of all customers of the simulated bank, on disk: what was put there outlives the process. */
export class BankFolders {
  constructor(private readonly root: string) {}

  isAccount(name: string): boolean {
    return ACCOUNT.test(name);
  }

  /** Makes the folders of a customer. */
  async open(account: string): Promise<void> {
    for (const folder of FOLDERS) await mkdir(join(this.root, account, folder), { recursive: true });
  }

  async accounts(): Promise<string[]> {
    const names = existsSync(this.root) ? await readdir(this.root) : [];
    return names.filter((name) => this.isAccount(name));
  }

  /** What a path of the customer means; undefined for one that leaves its tree or cannot exist. */
  place(account: string, path: string): Place | undefined {
    const [folder, name, ...deeper] = posix
      .normalize(`/${path}`)
      .split('/')
      .filter((part) => part !== '');
    if (deeper.length > 0 || (folder !== undefined && !FOLDERS.includes(folder))) return undefined;
    if (name !== undefined && !FILE.test(name)) return undefined;
    return { folder, name, path: join(this.root, account, folder ?? '', name ?? '') };
  }

  /** @returns false where the new name is taken, as OpenSSH refuses it: nothing is ever overwritten. */
  async rename(from: Place, to: Place): Promise<boolean> {
    try {
      await link(from.path, to.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
    await unlink(from.path);
    return true;
  }

  /** Files with a final name that nobody has collected. */
  async waiting(account: string): Promise<string[]> {
    const names = await readdir(join(this.root, account, ORDERS));
    return names.filter((name) => isFinal(name)).sort();
  }

  read(account: string, name: string): Promise<Buffer> {
    return readFile(join(this.root, account, ORDERS, name));
  }

  /** Takes a collected file away. */
  async remove(account: string, name: string): Promise<void> {
    await unlink(join(this.root, account, ORDERS, name));
  }

  hasAnswer(account: string, name: string): boolean {
    return existsSync(join(this.root, account, ANSWERS, name));
  }

  /** Whole or not at all: customers list this folder at any time. */
  async answer(account: string, name: string, text: string): Promise<void> {
    const path = join(this.root, account, ANSWERS, name);
    await writeFile(`${path}.part`, text);
    await rename(`${path}.part`, path);
  }
}

/** Temporary names are none of the bank's business. */
export function isFinal(name: string): boolean {
  return name.endsWith('.xml');
}

import { pbkdf2 } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Journal } from './journal.js';

interface Entry {
  number: number;
}

/** More than the four threads that Node has for files, so that a sync waits past the time that the test does. */
const DERIVATIONS = 16;
const PAST_A_SYNC_MS = 300;
const derive = promisify(pbkdf2);
const busyThreads = (): Promise<unknown> =>
  Promise.all(Array.from({ length: DERIVATIONS }, () => derive('x', 'y', 200_000, 64, 'sha512')));

describe('journal of the rail simulator', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gpo-journal-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('closes its file only after a sync that is under way: no sync finds the file closed', async () => {
    const fatal: Error[] = [];
    const journal = await Journal.open<Entry>(
      { folder, name: 'books' },
      () => undefined,
      (error) => fatal.push(error),
    );
    const busy = busyThreads();
    await journal.append({ number: 1 });
    await sleep(PAST_A_SYNC_MS);
    const late = journal.append({ number: 2 });
    await journal.close();
    await Promise.all([busy, late]);
    // What a sync still has to say, it says in a later turn.
    await sleep(0);
    expect(fatal).toEqual([]);
    expect(readFileSync(join(folder, 'books.jsonl'), 'utf8')).toBe('{"number":1}\n{"number":2}\n');
  });
});

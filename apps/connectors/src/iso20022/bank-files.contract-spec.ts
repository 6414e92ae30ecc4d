import { beforeEach, describe, expect, it } from '@jest/globals';
import type { BankFiles, KeptFile, Said } from './bank-files.js';
import { planFile, type FilePlan } from './iso20022.mapping.js';
import { config, instruction } from './iso20022.rig-spec.js';

/** What every keeper of files must hold: the record's, and the one of rigs without a database. */
export function bankFilesContract(name: string, make: () => Promise<BankFiles>): void {
  const AT = new Date('2026-11-25T09:00:00Z');
  const plan = (...items: ReturnType<typeof instruction>[]): FilePlan => planFile('lane', items, config());

  describe(`files of a bank, kept in ${name}`, () => {
    let files: BankFiles;
    beforeEach(async () => {
      files = await make();
    });
    const place = async (wanted: FilePlan): Promise<KeptFile> => {
      const file = await files.prepare(wanted, AT);
      expect(await files.placing(file)).toBe(true);
      await files.placed([file.messageId], 'us');
      return file;
    };
    const saidOf = async (railId: string): Promise<Said | undefined> =>
      (await files.find([railId])).get(railId)?.item.said;

    it('an attempt is in one file only, and a plan that names it again is refused whole', async () => {
      const [a, b] = [instruction(), instruction()];
      await files.prepare(plan(a), AT);
      await expect(files.prepare(plan(a, b), AT)).rejects.toThrow();
      await expect(files.prepare(plan(a), AT)).rejects.toThrow();
      const found = await files.find([a.railId, b.railId]);
      expect([...found.keys()]).toEqual([a.railId]);
      expect(found.get(a.railId)).toMatchObject({
        item: { amountMinor: 1_050n, currency: 'EUR', exponent: 2, said: undefined },
        file: { state: 'prepared', fileName: `${plan(a).messageId}.xml` },
      });
    });

    it('only one of two has the say: who places a prepared file, or who takes it away', async () => {
      const a = instruction();
      const first = await files.prepare(plan(a), AT);
      expect(await files.discard(first)).toBe(true);
      expect((await files.find([a.railId])).size).toBe(0);
      expect(await files.placing(first)).toBe(false);
      // The same file again: whoever was frozen with the first one must not go on with the second.
      const second = await files.prepare(plan(a), AT);
      expect(await files.placing(first)).toBe(false);
      expect(await files.placing(second)).toBe(true);
      expect(await files.discard(second)).toBe(false);
      expect(await files.discard({ ...second, state: 'placing' })).toBe(true);
    });

    it('a placed file is never taken away', async () => {
      const file = await place(plan(instruction()));
      for (const state of ['prepared', 'placing', 'placed'] as const)
        expect(await files.discard({ ...file, state })).toBe(false);
    });

    it('what the bank says of an item only rises, also when two say it at once', async () => {
      const { railId } = instruction();
      await place(plan(instruction({ railId })));
      const say = (kind: Said['kind']): Promise<void> => files.say([{ railId, said: { kind } }]);
      for (const [word, kept] of [
        ...[
          ['unknown', 'unknown'],
          ['accepted', 'accepted'],
          ['unknown', 'unknown'],
          ['rejected', 'rejected'],
        ],
        ...[
          ['accepted', 'rejected'],
          ['settled', 'settled'],
          ['rejected', 'settled'],
          ['returned', 'returned'],
        ],
        ['settled', 'returned'],
      ] as [Said['kind'], Said['kind']][]) {
        await say(word);
        expect((await saidOf(railId))?.kind).toBe(kept);
      }
      const other = instruction();
      await place(plan(other));
      await Promise.all(
        (['accepted', 'returned', 'settled'] as const).map((kind) =>
          files.say([{ railId: other.railId, said: { kind } }]),
        ),
      );
      expect((await saidOf(other.railId))?.kind).toBe('returned');
    });

    it('a word about somebody else’s item is no error', async () => {
      await files.say([{ railId: instruction().railId, said: { kind: 'settled' } }]);
      await files.placed(['nobody'], 'bank');
      expect(await files.itemsOf(['nobody'])).toEqual([]);
    });

    it('trouble stays open until a later file is placed', async () => {
      const first = await place(plan(instruction()));
      const trouble = { kind: 'configuration', message: 'the bank refused it' } as const;
      await files.keepTrouble(first.messageId, trouble);
      await files.keepTrouble(first.messageId, { kind: 'payer_funds', message: 'read again' });
      expect(await files.openTrouble()).toEqual(trouble);
      await files.prepare(plan(instruction()), AT);
      expect(await files.openTrouble()).toEqual(trouble);
      await place(plan(instruction()));
      expect(await files.openTrouble()).toBeUndefined();
    });

    it('a file without a word of the bank is found after its time', async () => {
      const { messageId } = await place(plan(instruction()));
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect(await files.unacknowledged(60_000)).toBeUndefined();
      expect(await files.unacknowledged(10)).toBe(messageId);
      await files.placed([messageId], 'bank');
      expect(await files.unacknowledged(10)).toBeUndefined();
    });

    it('an answer is read once; with another size or time it is another answer', async () => {
      const entry = { name: 'a.xml', size: 5, modifiedAt: 7 };
      const others = [
        { ...entry, size: 6 },
        { ...entry, modifiedAt: 8 },
        { ...entry, name: 'b.xml' },
      ];
      await files.keepRead(entry, 'camt');
      await files.keepRead(entry, 'camt');
      expect(await files.unread([entry, ...others])).toEqual(others);
      expect(await files.unread([])).toEqual([]);
    });
  });
}

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { RowCopy, copyRows } from './copy-rows.js';
import { inTransaction } from './data-source.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
  await rig.rows('CREATE TABLE copied (no integer PRIMARY KEY, text text, flag boolean, list text[])');
}, 60_000);
afterAll(() => rig.stop(), 30_000);

describe('rows that are copied', () => {
  it('any text comes back as it was, and NULL differs from every text', async () => {
    // PostgreSQL keeps no NUL; half pairs are refused where a message is read.
    const text = fc
      .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\\N', '\\.', '', '\t', '\r\n', '\\\\', '\\x41'))
      .map((value) => value.replaceAll('\u0000', ''));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text), { minLength: 1, maxLength: 50 }), async (texts) => {
        await rig.rows('TRUNCATE copied');
        await inTransaction(rig.dataSource, (sql) =>
          copyRows(
            sql,
            'copied (no, text, flag, list)',
            texts.map((value, no) => [no, value, no % 2 === 0, '{a,b}']),
          ),
        );
        const rows = await rig.rows<{ text: string; flag: boolean; list: string[] }>(
          'SELECT text, flag, list FROM copied ORDER BY no',
        );
        expect(rows.map((row) => row.text)).toEqual(texts);
        expect(rows[0]).toMatchObject({ flag: true, list: ['a', 'b'] });
      }),
      { numRuns: 50 },
    );
  });

  it('a row that breaks a rule fails like any statement, and the connection serves the next', async () => {
    await rig.rows('TRUNCATE copied');
    const twice = inTransaction(rig.dataSource, (sql) =>
      copyRows(sql, 'copied (no, text)', [
        [1, 'a'],
        [1, 'b'],
      ]),
    );
    await expect(twice).rejects.toMatchObject({ code: '23505' });
    await inTransaction(rig.dataSource, (sql) => copyRows(sql, 'copied (no, text)', [[2, 'c']]));
    expect(await rig.rows('SELECT no FROM copied')).toEqual([{ no: 2 }]);
  });

  it('what is written bit by bit, far more than may wait to be sent, arrives whole and in order', async () => {
    await rig.rows('TRUNCATE copied');
    const text = 'x'.repeat(1000);
    await inTransaction(rig.dataSource, async (sql) => {
      const copy = await RowCopy.open(sql, 'copied (no, text)');
      for (let from = 0; from < 20_000; from += 100)
        await copy.write(Array.from({ length: 100 }, (_, index) => [from + index, text]));
      await copy.end();
    });
    expect(await rig.rows('SELECT count(*)::int, max(no), sum(length(text))::int FROM copied')).toEqual([
      { count: 20_000, max: 19_999, sum: 20_000_000 },
    ]);
  });

  it('a row refused while more are being written ends the copy with its reason, and the connection serves the next', async () => {
    await rig.rows('TRUNCATE copied');
    const refused = inTransaction(rig.dataSource, async (sql) => {
      const copy = await RowCopy.open(sql, 'copied (no, text)');
      for (let no = 0; no < 5000; no += 1) await copy.write([[no % 1000, 'y'.repeat(1000)]]);
      await copy.end();
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    await inTransaction(rig.dataSource, (sql) => copyRows(sql, 'copied (no, text)', [[2, 'c']]));
    expect(await rig.rows('SELECT no FROM copied')).toEqual([{ no: 2 }]);
  });

  it('a copy that is abandoned leaves nothing, and the connection serves the rollback', async () => {
    await rig.rows('TRUNCATE copied');
    const abandoned = inTransaction(rig.dataSource, async (sql) => {
      const copy = await RowCopy.open(sql, 'copied (no, text)');
      await copy.write([[1, 'a']]);
      await copy.abandon();
      throw new Error('a line is no JSON');
    });
    await expect(abandoned).rejects.toThrow('a line is no JSON');
    expect(await rig.rows('SELECT no FROM copied')).toEqual([]);
  });

  it('nothing is copied outside a transaction', async () => {
    await expect(copyRows(rig.dataSource, 'copied (no)', [[3]])).rejects.toThrow('in a transaction only');
  });
});

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { copyRows } from './copy-rows.js';
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

  it('nothing is copied outside a transaction', async () => {
    await expect(copyRows(rig.dataSource, 'copied (no)', [[3]])).rejects.toThrow('in a transaction only');
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchId } from '@gpo/g2p-connect-schemas';
import { completeBatches } from '../src/outcome/counters.repository.js';
import { readBatches } from '../src/status/batch.repository.js';
import { FileRig, csvForm, goodRows, row, type FileGateway } from './file.rig-spec.js';

let rig: FileRig;
let one: FileGateway;
let two: FileGateway;

beforeAll(async () => {
  rig = await FileRig.start();
  one = await rig.gateway();
  two = await rig.gateway();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

const idOf = (transactionId: string): string => batchId('strict', transactionId);

/** Rows of the batch, refused ones included, by line number. */
async function linesOf(
  id: string,
): Promise<{ line_no: number; reference: string | null; refused: boolean }[]> {
  return rig.rows(
    `SELECT line_no, reference_id AS reference, false AS refused FROM disbursement WHERE batch_id = $1
     UNION ALL SELECT line_no, reference_id, true FROM refused_line WHERE batch_id = $1 ORDER BY 1`,
    [id],
  );
}

async function batchOf(id: string): Promise<Record<string, unknown> & { files: Record<string, unknown>[] }> {
  const [found] = await readBatches(rig.outcome.record.dataSource, { batchId: id, limit: 1 });
  return found!.batch as Awaited<ReturnType<typeof batchOf>>;
}

describe('a file of disbursements', () => {
  it('is stored when it is acknowledged; what one gateway began another goes on with, each row once and in order', async () => {
    const transactionId = randomUUID();
    const sent = await one.send(csvForm(transactionId, goodRows('r', 10)));
    const id = idOf(transactionId);
    expect(sent.status).toBe(200);
    expect(await batchOf(id)).toMatchObject({
      correlation_id: sent.correlationId,
      total_count: 0,
      files: [{ state: 'stored', format: 'csv', rows: 10, rows_loaded: 0, ended_at: null }],
    });
    await one.loader.loadNext();
    await one.loader.loadNext();
    expect(await batchOf(id)).toMatchObject({
      total_count: 6,
      files: [{ state: 'loading', rows_loaded: 6 }],
    });
    await two.loadAll();
    expect(await linesOf(id)).toEqual(
      Array.from({ length: 10 }, (_, index) => ({
        line_no: index + 1,
        reference: `r-${index + 1}`,
        refused: false,
      })),
    );
    expect(await batchOf(id)).toMatchObject({
      total_count: 10,
      files: [{ state: 'loaded', rows_loaded: 10 }],
    });
    const { counters, recount } = await rig.outcome.counted(id);
    expect(counters).toEqual(recount);
    expect(await rig.leftovers()).toEqual({ receiving: 0, pieces: 0 });
  });

  it('two loaders at once load each row of each file once', async () => {
    const ids = [randomUUID(), randomUUID(), randomUUID()];
    for (const transactionId of ids)
      expect(await one.send(csvForm(transactionId, goodRows('r', 20)))).toMatchObject({ status: 200 });
    await Promise.all([one.loadAll(), two.loadAll(), one.loadAll(), two.loadAll()]);
    await one.loadAll();
    for (const transactionId of ids) {
      const lines = await linesOf(idOf(transactionId));
      expect(lines.map(({ reference }) => reference)).toEqual(
        goodRows('r', 20).map((text) => text.split(',')[0]),
      );
      const { counters, recount } = await rig.outcome.counted(idOf(transactionId));
      expect(counters).toEqual(recount);
    }
  });

  it('a chunk whose connection is cut is as if it had not begun', async () => {
    const transactionId = randomUUID();
    await one.send(csvForm(transactionId, goodRows('r', 7)));
    await one.loader.loadNext();
    await rig.rows(
      `CREATE OR REPLACE FUNCTION cut_connection() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$`,
    );
    await rig.rows(
      'CREATE TRIGGER cut AFTER UPDATE OF rows_loaded ON intake_file EXECUTE FUNCTION cut_connection()',
    );
    await expect(one.loader.loadNext()).rejects.toThrow();
    await rig.rows('DROP TRIGGER cut ON intake_file');
    expect(await batchOf(idOf(transactionId))).toMatchObject({ total_count: 3, files: [{ rows_loaded: 3 }] });
    await two.loadAll();
    expect(await linesOf(idOf(transactionId))).toHaveLength(7);
  });

  it('the same file again gets the same Ack and brings nothing, also to two gateways at once and without a name', async () => {
    const rows = goodRows(randomUUID(), 5);
    const answers = await Promise.all(
      [one, two, one, two].map((gateway) => gateway.send(csvForm(undefined, rows))),
    );
    await one.loadAll();
    answers.push(await two.send(csvForm(undefined, rows)));
    expect(new Set(answers.map(({ status, correlationId }) => `${status} ${correlationId}`)).size).toBe(1);
    expect(answers[0]!.status).toBe(200);
    await two.loadAll();
    const found = await rig.rows<{ lines: number; files: number }>(
      `SELECT (SELECT count(*)::int FROM disbursement d WHERE d.batch_id = b.batch_id) AS lines,
              (SELECT count(*)::int FROM intake_file f WHERE f.batch_id = b.batch_id) AS files
         FROM batch b WHERE correlation_id = $1`,
      [answers[0]!.correlationId],
    );
    expect(found).toEqual([{ lines: 5, files: 1 }]);
    expect(await rig.leftovers()).toEqual({ receiving: 0, pieces: 0 });
  });

  it('a bad row is refused with its reason and the others go on; a reference that stands twice counts once', async () => {
    const transactionId = randomUUID();
    const rows = [
      row('a'),
      'b,phone:1@m,10.00',
      row('c', '1.005'),
      row(''),
      row('a'),
      row('d'),
      row('e'),
      row('c'),
    ];
    await one.send(csvForm(transactionId, rows));
    await one.loadAll();
    const id = idOf(transactionId);
    expect((await linesOf(id)).map(({ reference, refused }) => [reference, refused])).toEqual([
      ['a', false],
      [null, true],
      ['c', false],
      [null, true],
      ['a', true],
      ['d', false],
      ['e', false],
      ['c', true],
    ]);
    const told = await rig.rows<{ errors: string[] }>(
      'SELECT errors FROM refused_line WHERE batch_id = $1 ORDER BY line_no',
      [id],
    );
    expect(told.map(({ errors }) => errors[0])).toEqual([
      'rjct.row.invalid',
      'rjct.reference_id.invalid',
      'rjct.reference_id.duplicate',
      'rjct.reference_id.duplicate',
    ]);
    const [bad] = await rig.rows(
      `SELECT violations FROM disbursement WHERE batch_id = $1 AND reference_id = 'c'`,
      [id],
    );
    expect(bad).toEqual({ violations: ['rjct.amount.invalid'] });
  });

  it('a batch does not complete before its file is loaded whole, even where every loaded line is final', async () => {
    const transactionId = randomUUID();
    const id = idOf(transactionId);
    await one.send(
      csvForm(
        transactionId,
        Array.from({ length: 5 }, () => row('')),
      ),
    );
    const complete = (): Promise<string[]> => completeBatches(rig.outcome.record.dataSource, 0, [id]);
    expect(await complete()).toEqual([]);
    await one.loader.loadNext();
    expect(await batchOf(id)).toMatchObject({ states: { malformed: { count: 3 } }, total_count: 3 });
    expect(await complete()).toEqual([]);
    await one.loadAll();
    expect((await batchOf(id)).completed_at).not.toBeNull();
  });

  it('in a known transaction a file adds its new rows; other content under a known reference is refused by itself', async () => {
    const transactionId = randomUUID();
    await rig.outcome.intake(transactionId, [
      rig.outcome.line({ reference_id: 'old' }),
      rig.outcome.line({ reference_id: 'same' }),
    ]);
    await one.send(csvForm(transactionId, [row('old', '99.00'), row('same'), row('new'), row('new')]));
    await one.loadAll();
    const id = idOf(transactionId);
    expect((await linesOf(id)).map(({ reference, refused }) => [reference, refused])).toEqual([
      ['old', false],
      ['same', false],
      ['new', false],
      ['new', true],
    ]);
    expect(
      await rig.rows('SELECT reference_id, errors FROM message_refusal WHERE batch_id = $1', [id]),
    ).toEqual([{ reference_id: 'old', errors: ['rjct.reference_id.duplicate'] }]);
    const [old] = await rig.rows(`SELECT amount FROM disbursement WHERE batch_id = $1 AND line_no = 1`, [id]);
    expect(old).toEqual({ amount: '10.00' });
  });

  it('a JSON file is the whole message, and its elements are loaded as rows are', async () => {
    const transactionId = randomUUID();
    const items = Array.from(
      { length: 8 },
      (_, index) =>
        `{"reference_id":"j-${index}","payee_fa":"phone:1@m","amount":7.10,"currency_code":"KES"}`,
    );
    const header = `{"message_id":"${randomUUID()}","message_ts":"2026-11-24T08:00:00Z","action":"disburse","sender_id":"strict","total_count":8}`;
    const form = new FormData();
    form.set('action', 'disburse');
    form.set(
      'fileName',
      new Blob([
        `{"header":${header},"message":{"disbursements":[${items.join(' , ')}],"transaction_id":"${transactionId}"}}`,
      ]),
      'list.json',
    );
    expect((await one.send(form)).status).toBe(200);
    await one.loader.loadNext();
    await two.loadAll();
    const found = await rig.rows(
      'SELECT reference_id, amount FROM disbursement WHERE batch_id = $1 ORDER BY line_no',
      [idOf(transactionId)],
    );
    expect(found).toEqual(items.map((_, index) => ({ reference_id: `j-${index}`, amount: '7.10' })));
  });

  it('a file of a sender that is gone waits for it and holds up no other', async () => {
    const few = await rig.gateway({}, rig.senders({ ministry: { id: 'gone' } }));
    const [waits, goes] = [randomUUID(), randomUUID()];
    await one.send(csvForm(waits, goodRows('r', 2)), 'ministry');
    await one.send(csvForm(goes, goodRows('r', 2)));
    await few.loadAll();
    expect(await linesOf(idOf(goes))).toHaveLength(2);
    expect(await linesOf(batchId('ministry', waits))).toEqual([]);
    await rig.rows('UPDATE intake_file SET next_at = now()');
    await one.loadAll();
    expect(await linesOf(batchId('ministry', waits))).toHaveLength(2);
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchId } from '@gpo/g2p-connect-schemas';
import { FileRig, HEADER, csvForm, goodRows, row, type FileGateway } from './file.rig-spec.js';

let rig: FileRig;
let one: FileGateway;

beforeAll(async () => {
  rig = await FileRig.start();
  one = await rig.gateway();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

describe('a file that is refused', () => {
  it.each<[string, () => FormData, number, string]>([
    ['an unknown column', () => csvForm(undefined, [], {}, `${HEADER},shceduled`), 400, 'err.request.bad'],
    ['no rows', () => csvForm(undefined, []), 400, 'err.request.bad'],
    ['a quote that is never closed', () => csvForm(undefined, [`"${row('r')}`]), 400, 'err.request.bad'],
    [
      'an action of another path',
      () => csvForm(undefined, [row('r')], { action: 'link' }),
      400,
      'rjct.action.invalid',
    ],
    [
      'a foreign sender_id',
      () => csvForm(undefined, [row('r')], { sender_id: 'x' }),
      400,
      'err.sender_id.invalid',
    ],
    [
      'another total_count',
      () => csvForm(undefined, [row('r')], { total_count: '2' }),
      400,
      'rjct.total_count.invalid',
    ],
    [
      'a foreign callback host',
      () => csvForm(undefined, [row('r')], { sender_uri: 'https://x.example/' }),
      400,
      'err.sender_uri.invalid',
    ],
    [
      'a format of neither kind',
      () => csvForm(undefined, [row('r')], { fileFormat: 'xlsx' }),
      400,
      'err.request.bad',
    ],
    ['too many rows', () => csvForm(undefined, goodRows('r', 5)), 413, 'rjct.total_count.limit_exceeded'],
    ['too many bytes', () => csvForm(undefined, [row('x'.repeat(3000))]), 413, 'err.request.too_large'],
  ])('for %s leaves nothing behind', async (_what, form, status, code) => {
    const small = await rig.gateway(
      { fileBytesMax: 2000 },
      rig.senders({ strict: { limits: { file_rows: 4 } } }),
    );
    const before = await rig.rows('SELECT count(*) FROM batch');
    expect(await small.send(form())).toMatchObject({ status, code });
    expect(await rig.rows('SELECT count(*) FROM batch')).toEqual(before);
    expect(await rig.leftovers()).toEqual({ receiving: 0, pieces: 0 });
  });

  it('a form without a file, and one whose file is no file part, are told so', async () => {
    const form = new FormData();
    form.set('action', 'disburse');
    expect(await one.send(form)).toMatchObject({ status: 400, message: expect.stringContaining('fileName') });
    form.set('fileName', row('r'));
    expect(await one.send(form)).toMatchObject({ status: 400, message: expect.stringContaining('fileName') });
  });

  it('bytes that a dead gateway left are swept, acknowledged ones never', async () => {
    await rig.rows(
      `INSERT INTO intake_file (file_id, sender_id, next_at) VALUES ($1, 'strict', now() - interval '2 hours')`,
      [randomUUID()],
    );
    const transactionId = randomUUID();
    await one.send(csvForm(transactionId, goodRows('r', 1)));
    await rig.rows(`UPDATE intake_file SET next_at = now() - interval '2 hours' WHERE batch_id = $1`, [
      batchId('strict', transactionId),
    ]);
    await one.loadAll();
    expect(await rig.leftovers()).toEqual({ receiving: 0, pieces: 0 });
    const [batch] = await rig.rows('SELECT total_count FROM batch WHERE batch_id = $1', [
      batchId('strict', transactionId),
    ]);
    expect(batch).toEqual({ total_count: 1 });
  });
});

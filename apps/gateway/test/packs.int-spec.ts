import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RecordRig, eventually } from '../../../tools/testing/record-rig-spec.js';
import {
  askPack,
  clearPacks,
  endPack,
  giveBack,
  keepPiece,
  packBytes,
  readPacks,
  takePack,
  tellProgress,
} from '../src/packs/pack.repository.js';
import { ApiRig, disburse, line, type Answer } from './api.rig-spec.js';
import { AUDITOR } from './status.rig-spec.js';

const PROGRESS = { filesDone: 0, filesTotal: 1, linesDone: 0, linesTotal: 1 };
const SENDER = { 'X-API-Key': 'strict-dev-key' };

describe('the making of packs', () => {
  let rig: RecordRig;
  beforeAll(async () => {
    rig = await RecordRig.start();
  }, 60_000);
  beforeEach(() => rig.clear());
  afterAll(() => rig.stop());

  const ask = (): Promise<unknown> =>
    askPack(rig.dataSource, { fromDay: '2026-03-01', toDay: '2026-03-31' }, 'amina');
  const dies = (): Promise<unknown> => rig.rows(`UPDATE pack SET lease_until = now() - interval '1 second'`);
  const state = async (): Promise<string | undefined> =>
    (await readPacks(rig.dataSource, { limit: 1 }))[0]?.state;

  it('one gateway at a time makes a pack; from one that died it is taken over, and that one can write nothing more', async () => {
    await ask();
    const first = (await takePack(rig.dataSource))!;
    await keepPiece(rig.dataSource, first, 0, Buffer.from('half'));
    expect(await takePack(rig.dataSource)).toBeUndefined();
    await tellProgress(rig.dataSource, first, PROGRESS);
    await dies();
    const second = (await takePack(rig.dataSource))!;
    expect(second).toMatchObject({
      packId: first.packId,
      askedBy: 'amina',
      scope: { fromDay: '2026-03-01' },
    });
    await expect(keepPiece(rig.dataSource, first, 1, Buffer.from('x'))).rejects.toThrow('another gateway');
    await expect(tellProgress(rig.dataSource, first, PROGRESS)).rejects.toThrow('another gateway');
    await endPack(rig.dataSource, first, { message: 'late' });
    await keepPiece(rig.dataSource, second, 0, Buffer.from('who'));
    await keepPiece(rig.dataSource, second, 1, Buffer.from('le'));
    await endPack(rig.dataSource, second, { bytes: 5, sha256: Buffer.alloc(32), files: 1, lines: 1 });
    expect(await state()).toBe('ready');
    const bytes: Buffer[] = [];
    for await (const piece of packBytes(rig.dataSource, second.packId)) bytes.push(piece);
    expect(Buffer.concat(bytes).toString()).toBe('whole');
  });

  it('a pack whose gateway is stopped in the middle waits again, and none of its tries is spent', async () => {
    await ask();
    for (let times = 0; times < 5; times += 1) {
      const taken = (await takePack(rig.dataSource))!;
      await keepPiece(rig.dataSource, taken, 0, Buffer.from('half'));
      await giveBack(rig.dataSource, taken);
      await expect(keepPiece(rig.dataSource, taken, 1, Buffer.from('x'))).rejects.toThrow('another gateway');
    }
    expect(await state()).toBe('asked');
  });

  it('a pack on which three gateways died has failed, and says so', async () => {
    await ask();
    for (let tries = 0; tries < 3; tries += 1) {
      expect(await takePack(rig.dataSource)).toBeDefined();
      await dies();
    }
    expect(await takePack(rig.dataSource)).toBeUndefined();
    await clearPacks(rig.dataSource);
    expect(await readPacks(rig.dataSource, { limit: 1 })).toMatchObject([
      { state: 'failed', message: 'every gateway that made it ended' },
    ]);
  });

  it('a pack is gone after seven days', async () => {
    await ask();
    const taken = (await takePack(rig.dataSource))!;
    await keepPiece(rig.dataSource, taken, 0, Buffer.from('x'));
    await endPack(rig.dataSource, taken, { bytes: 1, sha256: Buffer.alloc(32), files: 1, lines: 1 });
    await clearPacks(rig.dataSource);
    expect(await state()).toBe('ready');
    await rig.rows(`UPDATE pack SET ended_at = now() - interval '8 days'`);
    await clearPacks(rig.dataSource);
    expect(await rig.rows('SELECT FROM pack_piece')).toEqual([]);
  });
});

describe('/api/v1/packs', () => {
  let rig: ApiRig;
  beforeAll(async () => {
    rig = await ApiRig.start();
  }, 60_000);
  afterAll(() => rig.stop());

  const ask = (body: object, headers: Record<string, string> = AUDITOR): Promise<Answer> =>
    rig.post('/api/v1/packs', body, headers);
  const get = (path: string, headers: Record<string, string> = AUDITOR): Promise<Response> =>
    fetch(`${rig.urls[0]!}/api/v1/packs${path}`, { headers });

  it('an auditor asks, sees how far it is, and takes it away; lists hold the newest first', async () => {
    await rig.strict('/disburse', disburse(randomUUID(), [line()]));
    const [batch] = await rig.record.rows<{ batch_id: string }>('SELECT batch_id FROM batch');
    const asked = await ask(batch!);
    expect(asked.status).toBe(202);
    const { pack_id: id } = JSON.parse(asked.text) as { pack_id: string };
    const ready = await eventually(
      async () =>
        (await (await get(`/${id}`)).json()) as { state: string; lines_done: number; bytes: number },
      (pack) => pack.state === 'ready' || pack.state === 'failed',
    );
    expect(ready).toMatchObject({ state: 'ready', lines_done: 1, lines_total: 1, asked_by: 'auditor' });
    const file = await get(`/${id}/file`);
    expect(file.headers.get('content-disposition')).toBe(`attachment; filename="pack-${id}.zip"`);
    const bytes = Buffer.from(await file.arrayBuffer());
    expect([bytes.length, bytes.subarray(0, 2).toString()]).toEqual([ready.bytes, 'PK']);
    await ask({ from: '2026-03-01', to: '2026-03-31' });
    const page = (await (await get('?limit=1')).json()) as { packs: { from: string }[]; next: string };
    expect(page.packs).toMatchObject([{ from: '2026-03-01', batch_id: null }]);
    expect(await (await get(`?after=${encodeURIComponent(page.next)}`)).json()).toMatchObject({
      packs: [{ pack_id: id }],
      next: null,
    });
  }, 30_000);

  it.each<[object, number]>([
    [{}, 400],
    [{ batch_id: 'odd' }, 400],
    [{ batch_id: randomUUID(), from: '2026-03-01', to: '2026-03-02' }, 400],
    [{ from: '2026-03-02', to: '2026-03-01' }, 400],
    [{ from: '2026-03-02' }, 400],
    [{ from: '2026-02-30', to: '2026-03-01' }, 400],
    [{ batch_id: randomUUID() }, 404],
  ])('%j is refused with %d', async (body, status) => {
    expect((await ask(body)).status).toBe(status);
  });

  it('senders can neither ask for packs nor see them; one that is not ready cannot be taken', async () => {
    expect((await ask({ from: '2026-03-01', to: '2026-03-02' }, SENDER)).status).toBe(403);
    const paths = ['', `/${randomUUID()}`, `/${randomUUID()}/file`];
    for (const path of paths) expect((await get(path, SENDER)).status).toBe(403);
    await rig.record.rows(
      `INSERT INTO pack (pack_id, from_day, to_day, state, asked_by) VALUES ('9d2f3a52-4c56-4f0c-9d5a-0f4d6f3f2f10', now(), now(), 'failed', 'x')`,
    );
    expect((await get('/9d2f3a52-4c56-4f0c-9d5a-0f4d6f3f2f10/file')).status).toBe(404);
    expect((await get(`/${randomUUID()}`)).status).toBe(404);
  });
});

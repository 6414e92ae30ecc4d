import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig } from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

const KEY = { 'X-API-Key': 'strict-dev-key' };

interface Refusal {
  message: { ack_status: string; error: { code: string } };
  errors: { code: string }[];
}

describe('every refusal leads to the entry that explains it', () => {
  it.each<[string, string, RequestInit, number]>([
    ['no credentials', '/disburse', { method: 'POST', body: '{}' }, 401],
    [
      'no JSON',
      '/disburse',
      { method: 'POST', body: '{', headers: { ...KEY, 'Content-Type': 'application/json' } },
      400,
    ],
    [
      'a foreign type',
      '/disburse',
      { method: 'POST', body: 'x', headers: { ...KEY, 'Content-Type': 'text/csv' } },
      415,
    ],
    [
      'a packed body',
      '/disburse',
      { method: 'POST', body: 'x', headers: { ...KEY, 'Content-Encoding': 'br' } },
      415,
    ],
    ['a foreign batch', '/api/v1/batches/00000000-0000-8000-8000-000000000000', { headers: KEY }, 404],
    ['a path that is none', '/nowhere', {}, 404],
    ['a path that cannot be decoded', '/api/v1/batches/%zz', { headers: KEY }, 400],
    ['a path with a part that is too long', `/api/v1/batches/${'a'.repeat(300)}`, { headers: KEY }, 400],
    ['not ready', '/health/ready', {}, 503],
  ])('%s', async (_what, path, init, status) => {
    const answer = await fetch(`${rig.urls[0]!}${path}`, init);
    const body = (await answer.json()) as Refusal;
    expect([answer.status, body.message.ack_status]).toEqual([status, 'ERR']);
    const { code } = body.message.error;
    expect(body.errors[0]!.code).toBe(code);
    const [, href, anchor] = /^<([^#]+)#([^>]+)>; rel="help"$/.exec(answer.headers.get('Link') ?? '') ?? [];
    expect(anchor).toBe(code);
    const page = await fetch(`${rig.urls[0]!}${href!}`);
    expect([page.status, page.headers.get('Content-Type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await page.text()).toContain(`id="${code}"`);
  });

  it('bytes that are no HTTP are answered in the same shapes, and the connection ends', async () => {
    const { hostname, port } = new URL(rig.urls[0]!);
    const text = await new Promise<string>((resolve, reject) => {
      const chunks: Buffer[] = [];
      const socket = connect(Number(port), hostname, () => socket.write('GET / HTTP/9.9\r\nx\r\n\r\n'));
      socket.on('data', (chunk) => chunks.push(chunk));
      socket.on('error', reject);
      socket.on('close', () => resolve(Buffer.concat(chunks).toString('utf8')));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 /);
    expect(text).toContain('Link: </docs/errors#err.request.bad>; rel="help"');
    const body = JSON.parse(text.slice(text.indexOf('\r\n\r\n'))) as Refusal;
    expect([body.message.ack_status, body.errors[0]!.code]).toEqual(['ERR', 'err.request.bad']);
  });
});

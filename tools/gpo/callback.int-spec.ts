import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, criteria, type Json } from '../../apps/gateway/test/api.rig-spec.js';
import { TestReceiver } from '../testing/test-receiver-spec.js';
import { until } from '../testing/path-rig-spec.js';

const SECRET = 'a-secret-in-the-address';

let receiver: TestReceiver;
let rig: ApiRig;
beforeAll(async () => {
  receiver = await TestReceiver.start();
  const strict = { callback_urls: { 'on-search': receiver.url(`/in/${SECRET}?key=${SECRET}`) } };
  rig = await ApiRig.start(1, { strict }, { CALLBACK_RETRY_SECONDS: '0.1' });
}, 240_000);
afterAll(async () => {
  await rig.stop();
  await receiver.stop();
}, 30_000);

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** npm run gpo -- callback ... as an operator types it. */
function gpo(...words: string[]): Promise<Ran> {
  const env = {
    ...process.env,
    GATEWAY_URL: rig.urls[0]!,
    GPO_TOKEN: 'auditor-token',
    GPO_OPERATOR_TOKEN: 'operator-token',
  };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['dist/tools/gpo/main.js', 'callback', ...words],
      { env },
      (error, out, err) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : 0, out, err });
      },
    );
  });
}

const json = ({ out }: Ran): Json[] => JSON.parse(out) as Json[];

async function ask(): Promise<string> {
  const { body } = await rig.strict('/disburse/search', criteria('payee_fa', 'phone:+254711000111@mpesa'));
  return body.message.correlation_id;
}

async function inState(state: string, count: number): Promise<void> {
  await until(30_000, async () => {
    const { out } = await gpo('list', '--state', state, '--json');
    return (JSON.parse(out) as unknown[]).length === count ? true : undefined;
  });
}

const get = (path: string, headers: Record<string, string>): Promise<Response> =>
  fetch(`${rig.urls[0]!}${path}`, { headers });

describe('npm run gpo -- callback', () => {
  it('list, show and resend: a failed callback with the reason of each try is sent again once, with name and reason kept', async () => {
    receiver.reply = () => 403;
    const question = await ask();
    await inState('failed', 1);
    const [listed] = json(await gpo('list', '--sender', 'strict', '--json'));
    expect(listed).toMatchObject({ question_id: question, verb: 'on-search', host: '127.0.0.1', tries: 2 });
    const id = String(listed!.callback_id);
    const [shown] = json(await gpo('show', id, '--json'));
    expect(shown).toMatchObject({
      state: 'failed',
      last_error: 'HTTP 403',
      tries_ended: [
        { try_no: 1, http_status: 403, reason: 'HTTP 403', at: expect.stringMatching(/Z$/) },
        { try_no: 2, http_status: 403, reason: 'HTTP 403', at: expect.stringMatching(/Z$/) },
      ],
      resends: [],
    });
    receiver.reply = () => 200;
    const resent = await gpo('resend', id, '--reason', 'receiver mended');
    expect(resent).toMatchObject({ code: 0, out: expect.stringContaining('operator') });
    await inState('delivered', 1);
    expect(json(await gpo('show', id, '--json'))[0]).toMatchObject({
      tries: 3,
      resends: [{ resent_by: 'operator', reason: 'receiver mended' }],
    });
    expect(new Set(receiver.heard.map(({ text }) => text)).size).toBe(1);
    const again = await gpo('resend', id, '--reason', 'once more');
    expect([again.code, again.err]).toEqual([1, expect.stringContaining('the receiver took the callback')]);
  }, 240_000);

  it('resend --sender makes every failed callback of that sender due, and of nobody else', async () => {
    receiver.reply = () => 500;
    for (let count = 0; count < 3; count += 1) await ask();
    await inState('failed', 3);
    expect(
      json(await gpo('resend', '--sender', 'openg2p', '--reason', 'not theirs', '--json')),
    ).toMatchObject([{ resent: 0 }]);
    receiver.reply = () => 200;
    expect(json(await gpo('resend', '--sender', 'strict', '--reason', 'mended', '--json'))).toMatchObject([
      { sender: 'strict', resent: 3, resent_by: 'operator' },
    ]);
    await inState('failed', 0);
  }, 240_000);

  it('pages follow each other and lose none; nothing shows an address, a secret or what was said', async () => {
    const all = json(await gpo('list', '--json')).map(({ callback_id }) => callback_id);
    const seen: unknown[] = [];
    let after: string[] = [];
    do {
      const page = await gpo('list', '--limit', '1', '--json', ...after);
      seen.push(...json(page).map(({ callback_id }) => callback_id));
      const next = /--after (\S+)/.exec(page.err)?.[1];
      after = next === undefined ? [] : ['--after', next];
    } while (after.length > 0);
    expect(seen).toEqual(all);
    const texts = [
      await gpo('list'),
      await gpo('show', String(all[0])),
      await gpo('show', String(all[0]), '--json'),
    ];
    for (const { out } of texts) expect(out).not.toMatch(new RegExp(`${SECRET}|254711000111`));
  }, 240_000);

  it('exit codes: 2 for a callback that is not there, 1 for words that do not fit, 64 for wrong ones', async () => {
    const ran = [
      await gpo('show', randomUUID()),
      await gpo('resend', randomUUID(), '--reason', 'why not'),
      await gpo('resend', '--reason', 'nothing named'),
      await gpo('list', '--state', 'lost'),
      await gpo('resend', randomUUID()),
      await gpo('list', '--limit', 'many'),
    ];
    expect(ran.map(({ code }) => code)).toEqual([2, 2, 1, 1, 64, 64]);
  }, 240_000);
});

describe('the API of callbacks', () => {
  it('a sender sees its own callbacks only, an auditor cannot send again', async () => {
    const own = (await (await get('/api/v1/callbacks', { 'X-API-Key': 'strict-dev-key' })).json()) as {
      callbacks: { callback_id: string }[];
    };
    expect(own.callbacks.length).toBeGreaterThan(0);
    const id = own.callbacks[0]!.callback_id;
    const foreign = { Authorization: `Basic ${btoa('openg2p:openg2p')}` };
    expect(await (await get('/api/v1/callbacks', foreign)).json()).toEqual({ callbacks: [], next: null });
    const others = await get('/api/v1/callbacks?sender_id=strict', foreign);
    expect(await others.json()).toEqual({ callbacks: [], next: null });
    expect((await get(`/api/v1/callbacks/${id}`, foreign)).status).toBe(404);
    const refused = await fetch(`${rig.urls[0]!}/api/v1/operator/callbacks/${id}/resend`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer auditor-token' },
      body: JSON.stringify({ reason: 'I want to' }),
    });
    expect(refused.status).toBe(403);
  });

  it('the schedule is visible: when the next try is due, and the waits after it; one on its way is not sent twice', async () => {
    receiver.reply = () => 'hang';
    await ask();
    const auditor = { Authorization: 'Bearer auditor-token' };
    const pending = await until(10_000, async () => {
      const page = await get('/api/v1/callbacks?state=pending', auditor);
      const { callbacks } = (await page.json()) as { callbacks: { callback_id: string; tries: number }[] };
      return callbacks.find(({ tries }) => tries > 0);
    });
    const shown = await get(`/api/v1/callbacks/${pending.callback_id}`, auditor);
    expect(await shown.json()).toMatchObject({
      state: 'pending',
      further_waits_seconds: [],
      next_at: expect.stringMatching(/Z$/),
    });
    const path = `/api/v1/operator/callbacks/${pending.callback_id}/resend`;
    const again = await fetch(`${rig.urls[0]!}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer operator-token' },
      body: JSON.stringify({ reason: 'impatience' }),
    });
    expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('on its way')]);
    receiver.reply = () => 200;
  }, 30_000);
});

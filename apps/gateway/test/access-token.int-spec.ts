import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SignJWT, exportJWK, generateKeyPair, type JWTPayload } from 'jose';
import { ApiRig, disburse, line, question } from './api.rig-spec.js';

const [ISSUER, AUDIENCE, CLIENT] = ['https://login.example.org/realms/g2p', 'gpo', 'ministry-client'];
const CLAIMS = { iss: ISSUER, aud: AUDIENCE, client_id: CLIENT, scope: 'openid disburse.disburse' };

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

let rig: ApiRig;
let folder: string;
let key: PrivateKey;
let foreign: PrivateKey;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-keys-'));
  key = await publish('first');
  foreign = (await generateKeyPair('ES256')).privateKey;
  const oauth2 = { issuer: ISSUER, audience: AUDIENCE, client_id: CLIENT, jwks_file: keyFile() };
  rig = await ApiRig.start(1, { strict: { credentials: { oauth2 } } });
}, 60_000);
afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

const keyFile = (): string => join(folder, 'keys.json');

/** Makes a key and lets the server's set hold it alone. */
async function publish(kid: string): Promise<PrivateKey> {
  const { privateKey, publicKey } = await generateKeyPair('ES256');
  writeFileSync(
    keyFile(),
    JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, alg: 'ES256' }] }),
  );
  return privateKey;
}

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow;

type Claims = { [name in keyof JWTPayload]: JWTPayload[name] | undefined };

async function token(claims: Claims, by = key, kid = 'first'): Promise<string> {
  return new SignJWT({ exp: seconds(300), ...claims } as JWTPayload)
    .setProtectedHeader({ alg: 'ES256', kid })
    .sign(by);
}

async function send(bearer: string): Promise<unknown[]> {
  return told('/disburse', disburse(randomUUID(), [line()]), bearer);
}

async function told(path: string, body: unknown, bearer: string): Promise<unknown[]> {
  const answer = await rig.post(path, body, { Authorization: `Bearer ${bearer}` });
  return [answer.status, answer.body.message.error?.code ?? answer.body.message.ack_status];
}

/** A token as no library would make it. */
function handMade(header: object, claims: object, signature = ''): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part(header)}.${part(claims)}.${signature}`;
}

describe('D21: access tokens of an OAuth2 server prove who sends', () => {
  it.each<[string, Claims]>([
    ['scope disburse.disburse', CLAIMS],
    ['scope disburse/disburse', { ...CLAIMS, scope: 'disburse/disburse' }],
    ['a list of scopes', { ...CLAIMS, scope: undefined, scp: ['disburse.disburse'] }],
    ['the client as azp', { ...CLAIMS, client_id: undefined, azp: CLIENT }],
    ['several audiences', { ...CLAIMS, aud: ['other', AUDIENCE] }],
    ['an end half a minute ago', { ...CLAIMS, exp: seconds(-30) }],
  ])('%s is taken', async (_, claims) => {
    expect(await send(await token(claims))).toEqual([200, 'ACK']);
  });

  it.each<[string, () => Promise<string> | string]>([
    ['a key of somebody else', () => token(CLAIMS, foreign)],
    ['a key that is not published', () => token(CLAIMS, key, 'other')],
    ['another issuer', () => token({ ...CLAIMS, iss: 'https://evil.example.org' })],
    ['another audience', () => token({ ...CLAIMS, aud: 'other' })],
    ['another client of the same server', () => token({ ...CLAIMS, client_id: 'other' })],
    ['an end two minutes ago', () => token({ ...CLAIMS, exp: seconds(-120) })],
    ['no end', () => token({ ...CLAIMS, exp: undefined })],
    ['a beginning in the future', () => token({ ...CLAIMS, nbf: seconds(600) })],
    ['no signature', () => handMade({ alg: 'none' }, { ...CLAIMS, exp: seconds(300) })],
    ['a shared secret', () => handMade({ alg: 'HS256' }, { ...CLAIMS, exp: seconds(300) }, 'AAAA')],
    ['no token', () => 'abc.def'],
    ['not even dots', () => 'abc'],
  ])('%s is refused', async (_, made) => {
    expect(await send(await made())).toEqual([401, 'err.request.unauthorized']);
  });

  it('a changed character of a good token is refused', async () => {
    const [head, claims, signature] = (await token(CLAIMS)).split('.') as [string, string, string];
    const other = JSON.stringify({ ...JSON.parse(Buffer.from(claims, 'base64url').toString()), jti: 'x' });
    const forged = `${head}.${Buffer.from(other).toString('base64url')}.${signature}`;
    expect(await send(forged)).toEqual([401, 'err.request.unauthorized']);
  });

  it('each scope allows its own paths and no other', async () => {
    const status = await token({ ...CLAIMS, scope: 'disburse.status' });
    const both = await token({ ...CLAIMS, scope: 'disburse/status disburse/disburse' });
    const ask = question('transaction_id', 'unknown');
    const forbidden = [403, 'err.request.forbidden'];
    expect(await send(status)).toEqual(forbidden);
    expect(await told('/disburse/sync/txn/status', ask, await token(CLAIMS))).toEqual(forbidden);
    expect(await send(await token({ ...CLAIMS, scope: 'disburse.disbursement' }))).toEqual(forbidden);
    expect(await send(both)).toEqual([200, 'ACK']);
    for (const good of [status, both])
      expect((await told('/disburse/sync/txn/status', ask, good))[0]).toBe(200);
  });

  it('a key that the server published later is taken, and the one it withdrew no longer', async () => {
    const before = await token(CLAIMS);
    const next = await publish('second');
    await sleep(1100);
    expect(await send(await token(CLAIMS, next, 'second'))).toEqual([200, 'ACK']);
    expect(await send(before)).toEqual([401, 'err.request.unauthorized']);
  });
});

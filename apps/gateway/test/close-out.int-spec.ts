import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { compactVerify, importJWK, type JWK } from 'jose';
import { railId } from '@gpo/g2p-connect-schemas';
import { signingKey } from '../../../tools/stack/signing-key.js';
import { SigningKey } from '../src/signing/signing-key.js';
import { ApiRig, type Answer } from './api.rig-spec.js';
import { AUDITOR } from './status.rig-spec.js';

const OPERATOR = { Authorization: 'Bearer operator-token' };
const SENDER = { 'X-API-Key': 'strict-dev-key' };
const dir = mkdtempSync(join(tmpdir(), 'gpo-key-'));

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start(1, {}, { SIGNING_KEY_FILE: signingKey(dir) });
}, 60_000);
beforeEach(() => rig.record.clear());
afterAll(() => rig.stop());

async function paid(): Promise<string> {
  const { id, batchId } = await rig.record.disbursement({ state: 'succeeded' });
  const settled = {
    lane: 'a',
    rail_id: railId('a', id, 1),
    sends: 1,
    outcome_seq: 1,
    resolved_at: new Date(),
  };
  await rig.record.attempt(id, 1, 'settled', settled);
  await rig.record.rows('UPDATE batch SET completed_at = now()');
  return batchId;
}

function decide(
  batchId: string,
  verb: string,
  body: object,
  headers: Record<string, string> = OPERATOR,
): Promise<Answer> {
  return rig.post(`/api/v1/operator/batches/${batchId}/${verb}`, body, headers);
}

async function get<T>(path: string): Promise<T> {
  const answer = await fetch(`${rig.urls[0]!}/api/v1/${path}`, { headers: AUDITOR });
  expect(answer.status).toBe(200);
  return (await answer.json()) as T;
}

const CLOSING = { reason: 'March is done', accept_unmatched: 'the rail has no statements' };

describe('close-outs over HTTP', () => {
  it('what was signed can be checked with the public key, and a changed document cannot pass', async () => {
    const batchId = await paid();
    expect(await decide(batchId, 'close', CLOSING)).toMatchObject({
      status: 200,
      body: { event: 'closed', nth: 1 },
    });
    const { close_outs: events } = await get<{ close_outs: { document: string; signature: string }[] }>(
      `batches/${batchId}/close-outs`,
    );
    const { keys } = await get<{ keys: JWK[] }>('keys');
    expect(keys[0]).not.toHaveProperty('d');
    const { document, signature } = events[0]!;
    const check = async (text: string): Promise<unknown> => {
      const [head, , bytes] = signature.split('.');
      const jws = `${head}.${Buffer.from(text).toString('base64url')}.${bytes}`;
      return (await compactVerify(jws, await importJWK(keys[0]!))).protectedHeader;
    };
    expect(await check(document)).toEqual({ alg: 'EdDSA', kid: keys[0]!.kid });
    await expect(check(document.replace('75.00', '75.01'))).rejects.toThrow('signature verification failed');
  });

  it('says in a sentence what stands in the way; opening takes a reason and only a closed batch', async () => {
    const batchId = await paid();
    const refused = await decide(batchId, 'close', { reason: 'March is done' });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('err.batch.not_closable');
    expect(refused.text).toContain('Not closed: 1 payments were told by no statement');
    expect((await decide(batchId, 'reopen', { reason: 'too early' })).status).toBe(404);
    await decide(batchId, 'close', CLOSING);
    expect((await decide(batchId, 'reopen', {})).status).toBe(400);
    expect(await decide(batchId, 'reopen', { reason: 'the bank sent one more' })).toMatchObject({
      status: 200,
      body: { nth: 2, event: 'reopened', actor: 'operator', reason: 'the bank sent one more' },
    });
  });

  it('only operators close and open; senders do not see it', async () => {
    const batchId = await paid();
    for (const headers of [AUDITOR, SENDER]) {
      expect((await decide(batchId, 'close', CLOSING, headers)).status).toBe(403);
      expect((await decide(batchId, 'reopen', CLOSING, headers)).status).toBe(403);
    }
    const url = `${rig.urls[0]!}/api/v1/batches/${batchId}/close-outs`;
    expect((await fetch(url, { headers: SENDER })).status).toBe(403);
    expect((await decide('9d2f3a52-4c56-4f0c-9d5a-0f4d6f3f2f10', 'close', CLOSING)).status).toBe(404);
  });
});

/** A new private key as PEM. */
function pemOf(...kind: ['rsa', { modulusLength: number }] | ['ec', { namedCurve: string }]): string {
  const { privateKey } = kind[0] === 'rsa' ? generateKeyPairSync(...kind) : generateKeyPairSync(...kind);
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('SIGNING_KEY_FILE', () => {
  it.each([
    ['is not there', 'none.pem', undefined, /cannot be read as a private key/],
    ['holds no key', 'text.pem', 'hello', /cannot be read as a private key/],
    [
      'holds a short key',
      'rsa.pem',
      pemOf('rsa', { modulusLength: 1024 }),
      /is no Ed25519 key, P-256 key or RSA key/,
    ],
    ['holds a key of another curve', 'ec.pem', pemOf('ec', { namedCurve: 'secp384r1' }), /is no Ed25519 key/],
  ])('a file that %s stops the start in one sentence', async (_what, name, content, sentence) => {
    const file = join(dir, name);
    if (content !== undefined) writeFileSync(file, content);
    await expect(SigningKey.fromFile(file, 'SIGNING_KEY_FILE')).rejects.toThrow(sentence);
  });
});

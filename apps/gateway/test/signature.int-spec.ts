import { createHash, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig } from './api.rig-spec.js';

let rig: ApiRig;
let folder: string;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ed25519 = generateKeyPairSync('ed25519');
const foreign = generateKeyPairSync('ed25519').privateKey;
const KID = 'strict.example.org|key-1|ed25519';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-signing-'));
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa-1', alg: 'RS256' },
    { ...ed25519.publicKey.export({ format: 'jwk' }), kid: KID, alg: 'EdDSA' },
  ];
  const jwks_file = join(folder, 'keys.json');
  writeFileSync(jwks_file, JSON.stringify({ keys }));
  rig = await ApiRig.start(1, {
    strict: { integrity: { mode: 'require', jwks_file } },
    openg2p: { integrity: { mode: 'verify-if-present', jwks_file } },
  });
}, 60_000);
afterAll(async () => {
  await rig.stop();
  rmSync(folder, { recursive: true });
}, 30_000);

const b64 = (text: string | Buffer): string => Buffer.from(text).toString('base64url');

/** A detached JWS over this text. */
function jws(
  payload: string,
  key: KeyObject = rsa.privateKey,
  head: object = { alg: 'RS256', kid: 'rsa-1' },
): string {
  const protectedHead = b64(JSON.stringify(head));
  const input = Buffer.from(`${protectedHead}.${b64(payload)}`);
  return `${protectedHead}..${b64(sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, input, key))}`;
}

interface Forms {
  /** As Python sends it: spaces, an amount with a point and a zero, an escape. */
  body: (signature?: string) => string;
  /** Compact, keys sorted, UTF-8 or ASCII; and of header and message alone. */
  sorted: string;
  ascii: string;
  asSent: string;
  digested: string;
}

/** One message in the forms that signers use, each written out here. */
function forms(id = randomUUID(), amount = '1000.0'): Forms {
  const header = `{"version": "1.0.0", "message_id": "${id}", "message_ts": "2026-01-02T03:04:05Z", "action": "disburse", "sender_id": "strict.example.org", "total_count": 1}`;
  const line = `{"reference_id": "${id}", "payer_fa": "account_no:1@TREASURY", "payee_name": "Zo\\u00eb", "payee_fa": "phone:+254711000111@mpesa", "amount": ${amount}, "currency_code": "KES"}`;
  const body = (signature = ''): string =>
    `{"signature": "${signature.replaceAll('"', '\\"')}", "header": ${header}, "message": {"transaction_id": "${id}", "disbursements": [${line}]}}`;
  const sortedHeader = `{"action":"disburse","message_id":"${id}","message_ts":"2026-01-02T03:04:05Z","sender_id":"strict.example.org","total_count":1,"version":"1.0.0"}`;
  const sortedMessage = (name: string): string =>
    `{"disbursements":[{"amount":${amount},"currency_code":"KES","payee_fa":"phone:+254711000111@mpesa","payee_name":"${name}","payer_fa":"account_no:1@TREASURY","reference_id":"${id}"}],"transaction_id":"${id}"}`;
  const whole = (name: string): string =>
    `{"header":${sortedHeader},"message":${sortedMessage(name)},"signature":""}`;
  return {
    body,
    sorted: whole('Zoë'),
    ascii: whole('Zo\\u00eb'),
    asSent: body().replaceAll('": ', '":').replaceAll(', "', ',"').replace('Zo\\u00eb', 'Zoë'),
    digested: `{"header":${sortedHeader},"message":${sortedMessage('Zo\\u00eb')}}`,
  };
}

const seconds = (fromNow: number): number => Math.floor(Date.now() / 1000) + fromNow;

interface FieldChoice {
  created?: number;
  expires?: number;
  key?: KeyObject;
  kid?: string;
  name?: string;
  lead?: string;
}

/** body.signature in the specification's own fields. */
function fields(digested: string, choice: FieldChoice = {}): string {
  const { created = seconds(0), expires = seconds(300), key = ed25519.privateKey, kid = KID } = choice;
  const digest = createHash('sha256').update(digested).digest('base64');
  const lines = `(created): ${created}\n(expires): ${expires}\ndigest: ${digest}`;
  const signature = sign(null, Buffer.from(lines), key).toString('base64');
  const { name = 'kidId', lead = '' } = choice;
  return `${lead}namespace="g2p", ${name}="${kid}", algorithm="ed25519", created="${created}", expires="${expires}", headers="(created) (expires) digest", signature="${signature}"`;
}

const STRICT = { 'X-API-Key': 'strict-dev-key' };

async function told(
  body: string,
  signature?: string,
  caller: Record<string, string> = STRICT,
): Promise<unknown[]> {
  const headers = signature === undefined ? caller : { ...caller, Signature: signature };
  const answer = await rig.post('/disburse', body, headers);
  return [answer.status, answer.body.message.error?.code ?? answer.body.message.ack_status];
}

const TAKEN = [200, 'ACK'];
const MISSING = [401, 'err.signature.missing'];
const INVALID = [401, 'err.signature.invalid'];

describe('D22: a sender that signs', () => {
  it.each<[string, (form: Forms) => Promise<unknown[]>]>([
    ['a JWS over the bytes', ({ body }) => told(body(), jws(body()))],
    ['a JWS over sorted UTF-8 (orjson)', ({ body, sorted }) => told(body(), jws(sorted))],
    ['a JWS over sorted ASCII (json.dumps)', ({ body, ascii }) => told(body(), jws(ascii))],
    ['a JWS over the order of the message', ({ body, asSent }) => told(body(), jws(asSent))],
    [
      'a JWS with Ed25519',
      ({ body }) => told(body(), jws(body(), ed25519.privateKey, { alg: 'EdDSA', kid: KID })),
    ],
    ['its own fields', ({ body, digested }) => told(body(fields(digested)))],
    [
      'its own fields as the example writes them',
      ({ body, digested }) => told(body(fields(digested, { lead: 'Signature:  ' }))),
    ],
    ['its own fields with keyId', ({ body, digested }) => told(body(fields(digested, { name: 'keyId' })))],
  ])('%s is taken', async (_, send) => {
    expect(await send(forms())).toEqual(TAKEN);
  });

  it.each<[string, (form: Forms) => Promise<unknown[]>]>([
    [
      'another amount than signed',
      ({ body, sorted }) => told(body().replace('1000.0', '9000.0'), jws(sorted)),
    ],
    [
      'the same amount written otherwise',
      ({ body, sorted }) => told(body().replace('1000.0', '1000.00'), jws(sorted)),
    ],
    [
      'a line more',
      ({ body, digested }) => told(body(fields(digested)).replace('}]}}', '},{"reference_id":"x"}]}}')),
    ],
    ['a key of somebody else', ({ body }) => told(body(), jws(body(), foreign, { alg: 'EdDSA', kid: KID }))],
    [
      'a key that is not registered',
      ({ body }) => told(body(), jws(body(), rsa.privateKey, { alg: 'RS256', kid: 'x' })),
    ],
    ['no algorithm', ({ body }) => told(body(), `${b64('{"alg":"none"}')}..AA`)],
    ['a shared secret', ({ body }) => told(body(), `${b64('{"alg":"HS256","kid":"rsa-1"}')}..AA`)],
    [
      'fields that have ended',
      ({ body, digested }) =>
        told(body(fields(digested, { created: seconds(-900), expires: seconds(-600) }))),
    ],
    [
      'fields of the future',
      ({ body, digested }) => told(body(fields(digested, { created: seconds(600), expires: seconds(900) }))),
    ],
    [
      'fields signed by somebody else',
      ({ body, digested }) => told(body(fields(digested, { key: foreign }))),
    ],
    [
      'fields with a key that is not registered',
      ({ body, digested }) => told(body(fields(digested, { kid: 'a|b|ed25519' }))),
    ],
    ['a header of another kind', ({ body }) => told(body(), 'sig1=:AAAA:')],
  ])('%s is refused', async (_, send) => {
    expect(await send(forms())).toEqual(INVALID);
  });

  it.each(['', 'string', 'unsigned', 'Signature: {sender_id}'])(
    'the placeholder "%s" is no signature',
    async (text) => {
      expect(await told(forms().body(text))).toEqual(MISSING);
    },
  );

  it('what was refused is not stored, and the same message is taken once it is signed', async () => {
    const form = forms();
    expect(await told(form.body(), jws(form.sorted, foreign, { alg: 'EdDSA', kid: KID }))).toEqual(INVALID);
    const [before] = await rig.record.rows<{ n: number }>('SELECT count(*)::int AS n FROM batch');
    expect(await told(form.body(), jws(form.sorted))).toEqual(TAKEN);
    expect(await told(form.body(), jws(form.sorted))).toEqual(TAKEN);
    const [after] = await rig.record.rows<{ n: number }>('SELECT count(*)::int AS n FROM batch');
    expect(after!.n - before!.n).toBe(1);
  });

  it('with verify-if-present an unsigned message is taken, and one with a wrong signature is not', async () => {
    const basic = `Basic ${Buffer.from('openg2p:openg2p').toString('base64')}`;
    const caller = { Authorization: basic };
    const form = forms();
    expect(await told(form.body(), jws('something else'), caller)).toEqual(INVALID);
    expect(await told(form.body('string'), undefined, caller)).toEqual(TAKEN);
    const signed = forms();
    expect(await told(signed.body(), jws(signed.sorted), caller)).toEqual(TAKEN);
  });
});

describe('3.2: a sender that signs calls of the Bridge API', () => {
  const call = async (name: string, body: object | string, signature?: string): Promise<unknown> => {
    const headers = signature === undefined ? STRICT : { ...STRICT, Signature: signature };
    const { status, text } = await rig.post(`/api/g2p-bridge/${name}`, body, headers);
    expect(status).toBe(200);
    return JSON.parse(text);
  };
  const ofRequest = { request_header: { request_id: 'r1' }, request_body: { request_payload: ['x'] } };
  const none = { disbursement_recon_payloads: [], disbursement_error_recon_payloads: [] };

  it('a JWS over the sorted body, as PBMS makes it, is taken', async () => {
    const sorted = '{"request_body":{"request_payload":["x"]},"request_header":{"request_id":"r1"}}';
    expect(await call('get_disbursement_status', ofRequest, jws(sorted))).toMatchObject({
      response_header: { request_id: 'r1', response_status: 'SUCCESS' },
      response_body: { response_payload: [{ reconciliation_id: 'x', disbursement_recon_records: none }] },
    });
  });

  it.each([undefined, jws('something else')])(
    'rjct.jwt.invalid with HTTP 200, in the form of the call, where the signature is missing or wrong',
    async (signature) => {
      expect(await call('create_disbursements', ofRequest, signature)).toMatchObject({
        response_header: {
          request_id: 'r1',
          response_status: 'ERROR',
          response_error_code: 'rjct.jwt.invalid',
        },
        response_body: { response_payload: [] },
      });
      const message = { header: { message_id: 'm1' }, message: [] };
      expect(await call('create_disbursements', message, signature)).toMatchObject({
        header: { message_id: 'm1', status: 'rjct', status_reason_message: 'rjct.jwt.invalid' },
        message: [],
      });
    },
  );

  it('a signature of header and message alone covers no call that is read from elsewhere', async () => {
    const form = forms();
    const signed = form.body(fields(form.digested));
    const more = `${signed.slice(0, -1)}, ${JSON.stringify(ofRequest).slice(1)}`;
    expect(await told(more)).toEqual(INVALID);
    expect(await call('get_disbursement_status', more)).toMatchObject({
      response_header: { response_error_code: 'rjct.jwt.invalid' },
    });
    expect(await told(signed)).toEqual(TAKEN);
  });
});

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { base64url, flattenedVerify } from 'jose';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { ApiRig, disburse } from './api.rig-spec.js';

const folder = mkdtempSync(join(tmpdir(), 'gpo-mapper-key-'));
const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const KEY_FILE = join(folder, 'key.pem');

interface Request {
  header: { message_id: string };
  message: { transaction_id: string; resolve_request: { reference_id: string; id: string }[] };
}

/** Keys sorted, no spaces, UTF-8: what SPAR's library computes from the body that it read. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([name, field]) => [name, sorted(field)]));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString('utf8');
}

/** The key id that the signature names, where it fits. */
async function signedBy(request: IncomingMessage, body: unknown): Promise<string | undefined> {
  const { signature: header } = request.headers;
  if (typeof header !== 'string') return undefined;
  const [head, , signature] = header.split('.');
  const payload = base64url.encode(JSON.stringify(sorted(body)));
  const jws = { protected: head!, payload, signature: signature! };
  const { protectedHeader } = await flattenedVerify(jws, publicKey, { algorithms: ['RS256'] });
  return protectedHeader?.kid;
}

/** A mapper that answers signed requests only, as SPAR 1.1 does: a wrong one is rjct.jwt.invalid with HTTP 200. */
async function answerOf(request: IncomingMessage): Promise<object> {
  const body = JSON.parse(await textOf(request)) as Request;
  if ((await signedBy(request, body)) !== 'PARTNER_GPO')
    return { header: { status: 'rjct', status_reason_code: 'rjct.jwt.invalid' }, message: {} };
  const resolve_response = body.message.resolve_request.map(({ reference_id, id }) => ({
    ...{ reference_id, status: 'succ', fa: `account_no:${id.length}@BANKRWRW` },
  }));
  return {
    header: { status: 'succ' },
    message: { transaction_id: body.message.transaction_id, resolve_response },
  };
}

describe('a mapper that answers signed requests only', () => {
  let rig: ApiRig;
  let server: Server;

  beforeAll(async () => {
    writeFileSync(KEY_FILE, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600 });
    server = createServer((request, response) => {
      void answerOf(request).then((answer) => response.end(JSON.stringify(answer)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sync/resolve`;
    const mapper = { resolve: 'when-id', url, form: 'g2p-connect' } as const;
    rig = await ApiRig.start(
      1,
      {
        openg2p: { mapper: { ...mapper, signing: { key_file: KEY_FILE, key_id: 'PARTNER_GPO' } } },
        strict: { mapper },
      },
      { RETRY_TIME_SCALE: '0.02' },
    );
  }, 60_000);
  afterAll(async () => {
    await rig.stop();
    await new Promise((resolve) => server.close(resolve));
    rmSync(folder, { recursive: true });
  });

  const lineOf = (id: string): object => ({
    ...{
      reference_id: randomUUID(),
      payee_fa: id,
      payee_name: 'Zoë',
      amount: '100.00',
      currency_code: 'KES',
    },
    payer_fa: 'account_no:1@TREASURY',
  });

  it('resolves for a sender with a key, and keeps the lines of one without waiting', async () => {
    const payee = 'token:Zoë-1@nationalId';
    const [signed, unsigned] = [randomUUID(), randomUUID()];
    await rig.openg2p('/disburse', disburse(signed, [lineOf(payee)]));
    expect((await rig.strict('/disburse', disburse(unsigned, [lineOf(payee)]))).status).toBe(200);
    const rows = (): Promise<{ payee_id: string }[]> =>
      rig.record.rows(
        `SELECT d.payee_id FROM disbursement d JOIN batch b USING (batch_id) WHERE b.transaction_id = $1 AND NOT d.unresolved`,
        [signed],
      );
    expect(await until(20_000, async () => ((await rows()).length > 0 ? rows() : undefined))).toEqual([
      { payee_id: String(payee.length) },
    ]);
    const waiting = await until(20_000, async () => {
      const [range] = await rig.record.rows<{ last_error: string | null }>(
        'SELECT last_error FROM resolve_range',
      );
      return range?.last_error === null ? undefined : range;
    });
    expect(waiting.last_error).toMatch(/refused the whole request/);
  });
});

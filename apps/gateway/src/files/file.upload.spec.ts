import { connect } from 'node:net';
import multipart from '@fastify/multipart';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiError } from '../api-error.js';
import { acceptBodies } from '../intake/request-body.js';
import { PIECE_BYTES } from './file.repository.js';
import { receiveFile } from './file.upload.js';

const LIMITS = { body_bytes: 100_000, lines: 10, file_bytes: 3_000_000, file_rows: 1_000_000 };
const HEADER = 'reference_id,payee_fa,amount,currency_code\n';
const ROW = 'r,phone:1@m,10.00,KES\n';

const fastify = new FastifyAdapter().getInstance();
let port: number;
/** Bytes of each piece that was kept, and forms that were taken. */
let pieces: number[] = [];
let taken = 0;

beforeAll(async () => {
  acceptBodies(fastify, () => LIMITS);
  await fastify.register(multipart);
  fastify.post('/disburse', async (request) => {
    if (!request.isMultipart()) return { bytes: (request.body as Buffer).length };
    const { fields, format, scanned, size } = await receiveFile(request, LIMITS, (no, bytes) => {
      expect(no).toBe(pieces.length);
      pieces.push(bytes.length);
      return Promise.resolve();
    });
    taken += 1;
    return { fields: Object.fromEntries(fields), format, rows: scanned.rows, size };
  });
  fastify.post('/disburse/search', () => ({}));
  fastify.setErrorHandler((error: Error & { statusCode?: number; code?: string }, _request, reply) =>
    reply
      .status(error instanceof ApiError ? error.status : (error.statusCode ?? 500))
      .send({ code: error.code, message: error.message }),
  );
  await fastify.listen({ port: 0, host: '127.0.0.1' });
  ({ port } = fastify.server.address() as { port: number });
});
afterAll(async () => {
  fastify.server.closeAllConnections();
  await fastify.close();
});

interface Told {
  rows: number;
  size: number;
  format: string;
  fields: Record<string, string>;
}

async function send(form: FormData, query = ''): Promise<{ status: number; body: Told }> {
  pieces = [];
  const answer = await fetch(`http://127.0.0.1:${port}/disburse${query}`, { method: 'POST', body: form });
  return { status: answer.status, body: (await answer.json()) as Told };
}

/** What is answered to a request of which only this much is ever sent. */
function answerTo(head: string, body = '', end = false): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`${head}\r\nHost: x\r\n\r\n${body}`);
      if (end) socket.end();
    });
    let text = '';
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer, only: ${text}`)));
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
      if (text.includes('}')) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

function form(file: string, fields: Record<string, string> = {}, name = 'list.csv'): FormData {
  const made = new FormData();
  for (const [field, value] of Object.entries(fields)) made.set(field, value);
  made.set('fileName', new Blob([file]), name);
  return made;
}

describe('a form with a file', () => {
  it('arrives whole, in pieces of one size, with its fields from form and query', async () => {
    const file = HEADER + ROW.repeat(50_000);
    const { status, body } = await send(form(file, { action: 'disburse' }), '?transaction_id=t');
    expect([status, body]).toEqual([
      200,
      { rows: 50_000, size: file.length, format: 'csv', fields: { action: 'disburse', transaction_id: 't' } },
    ]);
    expect(pieces.slice(0, -1).every((bytes) => bytes === PIECE_BYTES)).toBe(true);
    expect(pieces.reduce((sum, bytes) => sum + bytes, 0)).toBe(file.length);
  });

  it.each([
    ['its name', form('{"message":{"disbursements":[1,2]}}', {}, 'list.json'), 'json', 2],
    [
      'the field fileFormat',
      form('{"message":{"disbursements":[1]}}', { fileFormat: 'json' }, 'list'),
      'json',
      1,
    ],
    ['nothing: then it is CSV', form(HEADER + ROW, {}, 'list'), 'csv', 1],
  ])('its format is told by %s', async (_what, sent, format, rows) => {
    expect((await send(sent)).body).toMatchObject({ format, rows });
  });

  it.each([
    [
      'no file',
      ((): FormData => {
        const empty = new FormData();
        empty.set('action', 'disburse');
        return empty;
      })(),
      400,
    ],
    [
      'two files',
      ((): FormData => {
        const two = form(HEADER + ROW);
        two.append('another', new Blob([HEADER]), 'b.csv');
        return two;
      })(),
      413,
    ],
    ['a field of megabytes', form(HEADER + ROW, { note: 'x'.repeat(5000) }), 400],
  ])('with %s is refused', async (_what, sent, status) => {
    expect((await send(sent)).status).toBe(status);
  });

  it('a file over the limit is refused in the middle of sending, where its length was not announced', async () => {
    const start = `--x\r\nContent-Disposition: form-data; name="fileName"; filename="a.csv"\r\n\r\n${HEADER}`;
    const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
    const head =
      'POST /disburse HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nTransfer-Encoding: chunked';
    const answer = await answerTo(head, chunk(start) + chunk(ROW.repeat(5000)).repeat(30));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('that breaks off is never taken, even right after a row', async () => {
    const before = taken;
    const body = `--x\r\nContent-Disposition: form-data; name="fileName"; filename="a.csv"\r\n\r\n${HEADER}${ROW}`;
    const head =
      'POST /disburse HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length:';
    expect(await answerTo(`${head} ${body.length}`, body)).toMatch(/^HTTP\/1\.1 400 /);
    expect(await answerTo(`${head} ${body.length + 500}`, body, true)).not.toMatch(/^HTTP\/1\.1 2/);
    expect(taken).toBe(before);
  });
});

describe('bytes that are no form', () => {
  const file = 'Content-Disposition: form-data; name="fileName"; filename="a.csv"';
  it.each([
    ['a part whose head never ends', '--x\r\nA\u00bb\u0005P--x--\r\n'],
    ['a part without a head', '--x\r\n\r\n--x--\r\n'],
    ['nothing', ''],
    ['no boundary at all', 'a,b,c\r\n'],
    ['an end before its beginning', '--x--\r\n'],
    ['a file that ends in the middle of the boundary', `--x\r\n${file}\r\n\r\n${HEADER}${ROW}\r\n--`],
  ])('%s is refused with 400, and nothing is taken', async (_what, body) => {
    const before = taken;
    const bytes = Buffer.byteLength(body);
    const head = `POST /disburse HTTP/1.1\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: ${bytes}`;
    expect(await answerTo(head, body)).toMatch(/^HTTP\/1\.1 400 /);
    expect(taken).toBe(before);
  });
});

describe('a body over its limit', () => {
  const post = (path: string, type: string, length: number): string =>
    `POST ${path} HTTP/1.1\r\nContent-Type: ${type}\r\nContent-Length: ${length}`;

  it.each([
    ['JSON', post('/disburse', 'application/json', 100_001), 413],
    ['a file', post('/disburse', 'multipart/form-data; boundary=x', 3_200_000), 413],
    [
      'a form to a path that takes none',
      post('/disburse/search', 'multipart/form-data; boundary=x', 10),
      415,
    ],
    [
      'a packed form',
      `${post('/disburse', 'multipart/form-data; boundary=x', 10)}\r\nContent-Encoding: gzip`,
      415,
    ],
    [
      'a form in another character set',
      post('/disburse', 'multipart/form-data; boundary=x; charset=utf-16', 10),
      415,
    ],
  ])('%s is refused by its head, before a byte of it was sent', async (_what, head, status) => {
    const answer = await answerTo(head);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toContain('"ack_status":"ERR"');
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('is refused at the limit where no length was announced, and taken up to it', async () => {
    const head = 'POST /disburse HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked';
    const chunk = `${(10_000).toString(16)}\r\n${' '.repeat(10_000)}\r\n`;
    expect(await answerTo(head, chunk.repeat(11))).toMatch(/^HTTP\/1\.1 413 /);
    const taken = await answerTo(head, `${chunk.repeat(10)}0\r\n\r\n`);
    expect(taken).toMatch(/^HTTP\/1\.1 200 /);
    expect(taken).toContain('{"bytes":100000}');
  });
});

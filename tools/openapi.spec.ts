import { describe, expect, it } from '@jest/globals';
import { Validator } from '@seriousme/openapi-schema-validator';
import { OpenApiJudge, readDocument, step } from './testing/openapi-judge-spec.js';

const FILES = ['openapi/gateway.json', 'openapi/g2p-connect.json'];
const gateway = readDocument(FILES[0]!);

interface Example {
  pointer: string;
  value: unknown;
}

/** Every example of a description, with the pointer to the schema beside it. */
function examples(value: unknown, pointer = ''): Example[] {
  if (typeof value !== 'object' || value === null) return [];
  const { schema, examples: shown } = value as { schema?: unknown; examples?: Record<string, Example> };
  if (schema !== undefined && shown !== undefined)
    return Object.values(shown).map(({ value: example }) => ({
      pointer: `${pointer}/schema`,
      value: example,
    }));
  return Object.entries(value).flatMap(([key, below]) => examples(below, `${pointer}/${step(key)}`));
}

function responsesOf(path: string, method: string): Record<string, { content?: unknown; headers?: unknown }> {
  const { responses } = gateway.paths[path]![method] as { responses: Record<string, object> };
  return responses;
}

describe('the descriptions, held against an outside judge', () => {
  it.each(FILES)('%s is a valid OpenAPI document', async (file) => {
    const { valid, errors } = await new Validator().validate(structuredClone(readDocument(file)));
    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it('the judge refuses a description with a planted fault', async () => {
    const wrong = structuredClone(gateway);
    (wrong.paths['/disburse']!.post as { responses?: unknown }).responses = 'none';
    expect((await new Validator().validate(wrong)).valid).toBe(false);
    const dangling = JSON.stringify(gateway).replaceAll('schemas/AckDto"', 'schemas/Missing"');
    expect(dangling).toContain('Missing');
    expect(unresolved(dangling)).toEqual(['Missing']);
  });

  it.each(FILES)('%s: every reference leads to a schema, and every schema is used', (file) => {
    expect(unresolved(JSON.stringify(readDocument(file)))).toEqual([]);
  });
});

function unresolved(text: string): string[] {
  const { schemas } = (JSON.parse(text) as typeof gateway).components;
  const named = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map(([, name]) => name!));
  return [...named].filter((name) => schemas[name] === undefined);
}

describe('what the descriptions say', () => {
  it.each(FILES)('%s: POST /disburse takes JSON and a form with a file, each with an example', (file) => {
    const { requestBody } = readDocument(file).paths['/disburse']!.post as {
      requestBody: { content: Record<string, { examples?: object }> };
    };
    const { content } = requestBody;
    expect(Object.keys(content)).toEqual(['application/json', 'multipart/form-data']);
    expect(Object.values(content).map(({ examples: shown = {} }) => Object.keys(shown).length > 0)).toEqual([
      true,
      true,
    ]);
  });

  it.each(FILES)('%s: every example fits the schema beside it', (file) => {
    const document = readDocument(file);
    const judge = new OpenApiJudge(document);
    const shown = examples(document.paths, '/paths');
    expect(shown.length).toBeGreaterThan(15);
    for (const { pointer, value } of shown)
      expect([pointer, judge.problems(pointer, value)]).toEqual([pointer, []]);
    const [{ pointer }] = shown as [Example];
    expect(judge.problems(pointer, { header: {} }).length).toBeGreaterThan(0);
  });

  it('a field that is not described is a fault in an answer', () => {
    const judge = new OpenApiJudge(gateway);
    const message = { ack_status: 'ACK', timestamp: '2026-11-24T08:00:00Z', correlation_id: 'c' };
    expect(judge.problems('/components/schemas/AckResponseDto', { message })).toEqual([]);
    expect(judge.problems('/components/schemas/AckResponseDto', { message, more: 1 })).toHaveLength(1);
  });

  it.each(['/disburse', '/disburse/search', '/disburse/txn/status'])(
    '%s: exact answers, each refusal with both error shapes and the link to its explanation',
    (path) => {
      const responses = responsesOf(path, 'post');
      expect(Object.keys(responses)).toEqual([
        '200',
        '400',
        '401',
        '403',
        '408',
        '413',
        '415',
        '429',
        '500',
        '503',
      ]);
      for (const [status, { content, headers }] of Object.entries(responses)) {
        if (status === '200') continue;
        const schema = { $ref: '#/components/schemas/HttpErrorResponseDto' };
        expect(content).toMatchObject({ 'application/json': { schema } });
        expect(headers).toMatchObject({ Link: { required: true } });
      }
      expect(responses['503']!.headers).toHaveProperty('Retry-After');
      expect(responses['401']!.headers).toHaveProperty('WWW-Authenticate');
    },
  );

  it('callbacks: on-disburse, on-search and on-status stand at the calls that cause them', () => {
    const callbacks = Object.entries(gateway.paths).flatMap(([path, item]) =>
      Object.keys((item.post as { callbacks?: object } | undefined)?.callbacks ?? {}).map((verb) => [
        path,
        verb,
      ]),
    );
    expect(callbacks).toEqual([
      ['/disburse', 'on-disburse'],
      ['/disburse/sync/disburse', 'on-disburse'],
      ['/disburse/txn/status', 'on-status'],
      ['/disburse/search', 'on-search'],
    ]);
  });

  it('openapi/g2p-connect.json holds the six endpoints of the standard and nothing of our own', () => {
    const standard = readDocument(FILES[1]!);
    expect(Object.keys(standard.paths).toSorted()).toEqual([
      '/disburse',
      '/disburse/search',
      '/disburse/sync/disburse',
      '/disburse/sync/search',
      '/disburse/sync/txn/status',
      '/disburse/txn/status',
    ]);
    expect(
      Object.keys(standard.components.schemas).filter((name) => /Batch|Hold|Operator/.test(name)),
    ).toEqual([]);
  });
});

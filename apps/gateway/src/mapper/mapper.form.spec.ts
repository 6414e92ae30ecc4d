import { describe, expect, it } from '@jest/globals';
import { BadMapperAnswer, MAPPER_FORMS, formOf, referenceOf } from './mapper.form.js';
import { checkMapper, needsMapper, type MapperSetting } from './mapper.setting.js';

const QUESTION = {
  questionId: '7c6c6a1e-3f5b-4b0a-9f37-3a4f1a3f7d10',
  gatewayId: 'gpo',
  now: '2026-11-25T12:00:00.000Z',
  answerTo: '',
  ids: ['token:a@nationalId', 'token:b@nationalId'],
};
const [A, B] = QUESTION.ids.map(referenceOf) as [string, string];

/** An answer of either shape with this list. */
function answer(form: 'connect' | 'spar-2', list: unknown): unknown {
  if (form === 'connect') return { header: { status: 'succ' }, message: { resolve_response: list } };
  return {
    response_header: { response_status: 'SUCCESS' },
    response_body: { response_payload: { resolve_response: list } },
  };
}

describe('what goes to a mapper', () => {
  it('D28: the action is resolve, the signature text, the scope details: with yes_no a mapper names no address', () => {
    const body = formOf('g2p-connect').body(QUESTION) as Record<string, Record<string, unknown>>;
    expect(body).toMatchObject({
      signature: '',
      header: { action: 'resolve', total_count: 2, message_id: QUESTION.questionId, sender_id: 'gpo' },
      message: { transaction_id: QUESTION.questionId },
    });
    expect(body.header).not.toHaveProperty('sender_uri');
    expect(body.message!.resolve_request).toEqual([
      { reference_id: A, timestamp: QUESTION.now, id: 'token:a@nationalId', scope: 'details' },
      { reference_id: B, timestamp: QUESTION.now, id: 'token:b@nationalId', scope: 'details' },
    ]);
  });

  it('SPAR 2 gets request_header and request_body', () => {
    expect(formOf('spar-2').body(QUESTION)).toMatchObject({
      request_header: { sender_app_mnemonic: 'gpo', request_id: QUESTION.questionId },
      request_body: { request_payload: { resolve_request: [{ id: 'token:a@nationalId' }, {}] } },
    });
  });
});

describe('what a mapper says', () => {
  it.each(['g2p-connect', 'spar-2'] as const)(
    '%s: by reference, in any order; status succ without fa, an inactive account and a refused id are unknown; what failed by our fault is not answered',
    (form) => {
      const shape = form === 'spar-2' ? 'spar-2' : 'connect';
      const list = [
        { reference_id: B, status: 'succ', status_reason_code: 'succ.id.not_found' },
        { reference_id: A, status: 'succ', fa: 'phone:1@m' },
        { reference_id: 'c', status: 'succ', status_reason_code: 'succ.fa.inactive', fa: 'phone:2@m' },
        { reference_id: 'd', status: 'rjct', status_reason_code: 'rjct.id.invalid', fa: 'phone:3@m' },
        { reference_id: 'e', status: 'rjct', status_reason_code: 'rjct.timestamp.invalid' },
        { status: 'succ', fa: 'phone:4@m' },
      ];
      expect(formOf(form).answers(answer(shape, list))).toEqual([
        { reference: B, fa: undefined },
        { reference: A, fa: 'phone:1@m' },
        { reference: 'c', fa: undefined },
        { reference: 'd', fa: undefined },
      ]);
    },
  );

  it.each([
    ['g2p-connect', null],
    ['g2p-connect', { header: { status: 'rjct' }, message: { resolve_response: [] } }],
    ['g2p-connect', { message: {} }],
    ['spar-2', { response_header: { response_status: 'ERROR' }, response_body: {} }],
    ['spar-2', answer('connect', [])],
  ] as const)('%s: %j is no answer, so it is asked again', (form, body) => {
    expect(() => formOf(form).answers(body)).toThrow(BadMapperAnswer);
  });
});

describe('the mapper of a sender', () => {
  const mapper: MapperSetting = {
    resolve: 'when-id',
    url: 'https://spar.example/resolve',
    form: 'g2p-connect',
  };
  const needs = (setting: MapperSetting | undefined, payeeScheme: string): boolean =>
    needsMapper({ ...(setting && { mapper: setting }) } as Parameters<typeof needsMapper>[0], {
      payeeScheme,
    });

  it('is asked about ids only, about every payee, or never', () => {
    expect(['token', 'phone', ''].map((scheme) => needs(mapper, scheme))).toEqual([true, false, false]);
    expect(needs({ ...mapper, id_schemes: ['NationalId'] }, 'nationalid')).toBe(true);
    expect(['token', 'phone'].map((scheme) => needs({ ...mapper, resolve: 'always' }, scheme))).toEqual([
      true,
      true,
    ]);
    expect(needs(undefined, 'token')).toBe(false);
  });

  it.each([
    ['no url', { url: 'spar' }, 'a url'],
    ['an unknown form', { form: 'spar-3' }, `form ${MAPPER_FORMS.join(', ')}`],
    ['an unknown word', { resolve: 'sometimes' }, 'resolve'],
    ['no address for later answers', { form: 'g2p-connect-async' }, 'answer_to'],
    ['a bad pattern', { addresses: [{ pattern: '(', address: '{a}' }] }, 'regular expression'],
    ['an address without a name', { addresses: [{ address: 'x' }] }, '{template}'],
    [
      'a header that is not set',
      { authorization_env: 'GPO_NO_SUCH' },
      'the environment variable GPO_NO_SUCH',
    ],
    ['a negative time', { keep_days: -1 }, 'keep_days'],
  ])('with %s stops the boot with one sentence', (_case, change, words) => {
    const wrong = { ...mapper, ...change } as MapperSetting;
    expect(() => checkMapper({ id: 'a', mapper: wrong })).toThrow(words);
    expect(() => checkMapper({ id: 'a', mapper })).not.toThrow();
  });
});

import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import fc from 'fast-check';
import { compileDto } from './compiled-dto.js';
import { DisburseRequestDto, DisburseSyncResponseDto } from './disburse/disburse.dto.js';
import { DisbursementDto } from './disburse/disbursement.dto.js';
import { HttpErrorResponseDto } from './envelope/ack.dto.js';
import { RequestHeaderDto } from './envelope/header.dto.js';
import { SearchRequestDto } from './search/search.dto.js';
import { TxnStatusRequestDto } from './status/txn-status.dto.js';

type Fields = Record<string, unknown>;

function pathsOf(errors: readonly ValidationError[], path = ''): string[] {
  return errors.flatMap(({ property, constraints, children }) => [
    ...(constraints === undefined ? [] : [path + property]),
    ...pathsOf(children ?? [], `${path}${property}.`),
  ]);
}

const header = {
  message_id: 'm-1',
  message_ts: '2026-11-24T08:00:00Z',
  action: 'disburse',
  sender_id: 's',
  total_count: 1,
};
const line = { reference_id: 'r', payee_fa: 'phone:1@mpesa', amount: '1.00', currency_code: 'KES' };
const answerHeader = { ...header, action: 'on-disburse', status: 'succ' };
const ack = { ack_status: 'ERR', timestamp: '2026-11-24T08:00:00Z', correlation_id: 'c' };
const error = { code: 'err.request.bad', message: 'no' };

/** A good message per DTO; the test breaks it in one or more places. */
const GOOD: [new () => object, Fields][] = [
  [RequestHeaderDto, header],
  [DisbursementDto, line],
  [DisburseRequestDto, { header, message: { transaction_id: 't', disbursements: [line, line] } }],
  [
    TxnStatusRequestDto,
    {
      header,
      message: {
        transaction_id: 't',
        txnstatus_request: { attribute_type: 'transaction_id', attribute_value: 'x' },
      },
    },
  ],
  [
    SearchRequestDto,
    {
      header,
      message: {
        transaction_id: 't',
        search_criteria: [
          { reference_id: 'r', request_type: 'disburse', attribute_type: 'payee_fa', attribute_value: 'x' },
        ],
      },
    },
  ],
  [
    DisburseSyncResponseDto,
    { header: answerHeader, message: { transaction_id: 't', disbursements_status: [] } },
  ],
  [HttpErrorResponseDto, { message: { ...ack, error }, errors: [error] }],
];

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    NaN,
    '',
    ' ',
    'x',
    [],
    {},
    [null],
    [1],
  ),
  fc.constantFrom<unknown>('2026-02-30', '2026-11-24T08:00:00Z', '1.0.0', 'en_US', 'eng', 'KES', 'disburse'),
  fc
    .tuple(fc.constantFrom('a', 'é', '\u{1F33E}', '❤\ufe0f', '\ufe0e'), fc.integer({ min: 30, max: 1100 }))
    .map(([unit, count]) => unit.repeat(count)),
  fc.string(),
  fc.array(fc.constantFrom<unknown>(line, header, error, 'x', null), { maxLength: 3 }),
);

/** Every place in the message, as a list of keys. */
function places(value: unknown, at: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([key, item]) => places(item, [...at, key]))];
}

function changed(value: unknown, [key, ...rest]: readonly string[], to: unknown): unknown {
  if (key === undefined) return to;
  if (typeof value !== 'object' || value === null) return value;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...value }) as Fields;
  copy[key] = changed(copy[key], rest, to);
  return copy;
}

const EXTRA: readonly string[] = [
  'note',
  'locale',
  'meta',
  'signature',
  'version',
  'sender_uri',
  'timestamp',
];

describe('compileDto', () => {
  it.each(GOOD)('agrees with class-validator on every %p, whole or broken anywhere', (Dto, good) => {
    const check = compileDto(Dto);
    expect(check(good)).toEqual([]);
    const spots = places(good)
      .filter((place) => place.length > 0)
      .flatMap((place) => [place, ...EXTRA.map((name) => [...place.slice(0, -1), name])]);
    const change = fc.tuple(fc.constantFrom(...spots), odd);
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const broken = changes.reduce<unknown>((value, [place, to]) => changed(value, place, to), good);
        const judge = validateSync(plainToInstance(Dto, broken));
        expect(check(broken).toSorted()).toEqual([...new Set(pathsOf(judge))].toSorted());
      }),
      { numRuns: 400 },
    );
  });

  it('finds a planted fault by its path', () => {
    const check = compileDto(DisburseRequestDto);
    const message = { transaction_id: 't', disbursements: [line, { ...line, amount: 'ten' }] };
    expect(check({ header: { ...header, total_count: '1' }, message })).toEqual([
      'header.total_count',
      'message.disbursements.1.amount',
    ]);
    expect(check({ header })).toEqual(['message']);
    expect(check('text')).toEqual(['']);
  });

  it('null in an optional field is absent, and a variation selector does not count as a character', () => {
    const check = compileDto(DisbursementDto);
    expect(check({ ...line, note: null, payer_fa: null })).toEqual([]);
    expect(check({ ...line, note: '❤\ufe0f'.repeat(99) })).toEqual([]);
    expect(check({ ...line, note: '❤\ufe0f'.repeat(100) })).toEqual(['note']);
  });

  it('takes less than a fifth of the time of class-validator, so that 100,000 lines stall nobody', () => {
    const check = compileDto(DisbursementDto);
    const time = (work: () => unknown): number => {
      const started = performance.now();
      for (let index = 0; index < 5000; index += 1) work();
      return performance.now() - started;
    };
    const judge = (): unknown => validateSync(plainToInstance(DisbursementDto, line));
    const ratios = [1, 2, 3].map(() => time(judge) / time(() => check(line)));
    expect(Math.max(...ratios)).toBeGreaterThan(5);
  });
});

import { describe, expect, it } from '@jest/globals';
import type { Sql } from '@gpo/persistence';
import type { Outcome, SubmitError } from '../connector.js';
import {
  BugError,
  InvalidInstruction,
  LaneStopped,
  NotSent,
  OutcomeUnknown,
  Throttled,
  type RailError,
} from '../rail-error.js';
import { LaneBreaker, trustOfError, trustOfResults } from './lane.breaker.js';

const outcome = (fact: Partial<Outcome>): Outcome =>
  ({ railId: 'r', at: new Date(), kind: 'settled', ...fact }) as Outcome;
const failed = (error: RailError): SubmitError => ({ railId: 'r', kind: 'error', error });

describe('what a call says of its rail', () => {
  it.each([
    ['a refused connection', new NotSent('refused'), true, 'silent'],
    ['a connection that this process was too late for', new NotSent('late'), false, 'nothing'],
    ['no answer in time', new OutcomeUnknown('timeout'), true, 'silent'],
    ['no answer in time, and the lease is over as well', new OutcomeUnknown('timeout'), false, 'silent'],
    ['an answer that nobody mapped', new BugError('what?'), true, 'silent'],
    ['anything else', 'thrown text', true, 'silent'],
    ['"slower"', new Throttled('slower', 5), true, 'answered'],
    ['trouble of the lane, which stops it by itself', new LaneStopped('auth', 'no'), true, 'nothing'],
    ['an instruction of ours that is wrong', new InvalidInstruction('no'), true, 'nothing'],
  ])('%s', (_what, error, inTime, trust) => {
    expect(trustOfError(error, inTime)).toBe(trust);
  });

  it.each([
    [
      'a refusal is an answer',
      [outcome({ kind: 'rejected', retryable: false, reason: 'declined' })],
      'answered',
    ],
    ['accepted is an answer', [outcome({ kind: 'accepted' })], 'answered'],
    [
      'only unknown is silence',
      [outcome({ kind: 'unknown', why: '' }), outcome({ kind: 'unknown', why: '' })],
      'silent',
    ],
    ['one answer in a batch is enough', [outcome({ kind: 'unknown', why: '' }), outcome({})], 'answered'],
    ['an item that was not sent is silence', [failed(new NotSent('refused'))], 'silent'],
    [
      'trouble of the lane beside silence',
      [failed(new LaneStopped('auth', '')), failed(new NotSent(''))],
      'silent',
    ],
    ['no item', [], 'nothing'],
  ])('%s', (_what, results, trust) => {
    expect(trustOfResults(results, true)).toBe(trust);
  });
});

describe('the circuit of a lane', () => {
  /** The lane's row: the count goes up with each silence, and an answer sets it back. */
  class Row implements Sql {
    silences = 0;

    async query<T>(sql: string): Promise<T> {
      if (sql.includes('silences = 0')) this.silences = 0;
      else this.silences += 1;
      const silences = this.silences;
      await new Promise(setImmediate);
      return [[{ silences }], 1] as T;
    }
  }

  it('opens with so many silences in a row, and not before', async () => {
    const breaker = new LaneBreaker(new Row(), 'a', 3);
    expect([await breaker.note('silent'), await breaker.note('silent')]).toEqual([false, false]);
    await breaker.note('answered');
    expect([await breaker.note('silent'), await breaker.note('silent')]).toEqual([false, false]);
    expect(await breaker.note('silent')).toBe(true);
  });

  it('stays closed where time limits that ended together were only read before the answers beside them', async () => {
    const breaker = new LaneBreaker(new Row(), 'a', 3);
    const silent = Array.from({ length: 5 }, () => breaker.note('silent'));
    await breaker.note('answered');
    expect(await Promise.all(silent)).toEqual(Array(5).fill(false));
  });
});

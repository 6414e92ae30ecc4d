import { describe, expect, it } from '@jest/globals';
import { readGatewayConfig } from '../gateway.config.js';
import { ReceiverSlots, SLOTS_OF_RECEIVER } from './receiver-slots.js';
import { remainingWaits, waitSeconds } from './retry-schedule.js';

const DAY = 86_400;

describe('the schedule of tries', () => {
  it.each([
    [1, 0, 0, 5],
    [1, 0, 1, 5.5],
    [2, 0, 0, 60],
    [3, 0, 0, null],
    [4, 3, 0, 5],
    [6, 3, 0, null],
  ])(
    'after try %i, begun anew after try %i, with chance %d, it waits %p seconds',
    (tries, start, random, wait) => {
      expect(waitSeconds([5, 60], { tries, schedule_start: start }, random)).toBe(wait);
    },
  );

  it('the shipped schedule goes on for days', () => {
    const { callbackRetrySeconds } = readGatewayConfig({ DATABASE_URL: 'postgres://x', KAFKA_BROKERS: 'x' });
    expect(callbackRetrySeconds.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(4 * DAY);
    expect(remainingWaits(callbackRetrySeconds, { tries: 12, schedule_start: 0 })).toEqual([DAY]);
  });
});

describe('slots of receivers', () => {
  it('each receiver has its own, whatever the others hold', () => {
    const slots = new ReceiverSlots();
    for (let receiver = 0; receiver < 100; receiver += 1) {
      for (let call = 0; call < SLOTS_OF_RECEIVER; call += 1) slots.take(`hung ${receiver}`);
    }
    slots.take('good');
    const free = new Map(slots.free().map((one) => [one.receiver, one.free]));
    expect([...free.values()].filter((count) => count === 0)).toHaveLength(100);
    expect(free.get('good')).toBe(SLOTS_OF_RECEIVER - 1);
  });

  it('a receiver that did not answer has one slot until it answers; a refusal is an answer', () => {
    const slots = new ReceiverSlots();
    slots.take('r');
    slots.take('r');
    slots.release('r', false);
    expect(slots.free()).toEqual([{ receiver: 'r', free: 0 }]);
    slots.release('r', undefined);
    expect(slots.free()).toEqual([{ receiver: 'r', free: 1 }]);
    slots.take('r');
    slots.release('r', true);
    expect(slots.free()).toEqual([]);
  });
});

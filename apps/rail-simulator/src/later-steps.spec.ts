import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LaterSteps } from './later-steps.js';

describe('later steps of a rail', () => {
  it('close waits for a step that is being taken, and no other is taken after it', async () => {
    const taken: string[] = [];
    const steps = new LaterSteps(() => undefined);
    const takes = (name: string) => async (): Promise<void> => {
      await sleep(60);
      taken.push(name);
    };
    steps.add(0, takes('begun'));
    steps.add(50, takes('to come'));
    await sleep(20);
    await steps.close();
    expect(taken).toEqual(['begun']);
    steps.add(0, takes('late'));
    await sleep(120);
    expect(taken).toEqual(['begun']);
  });

  it('a step that fails is told, and close still ends', async () => {
    const told: unknown[] = [];
    const steps = new LaterSteps((cause) => told.push(cause));
    steps.add(0, () => Promise.reject(new Error('no disk')));
    await sleep(20);
    await steps.close();
    expect(told).toMatchObject([{ message: 'no disk' }]);
  });
});

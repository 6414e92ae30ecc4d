import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { readLanes, type LaneConfig } from './lane-config.js';

const folder = mkdtempSync(join(tmpdir(), 'gpo-lanes-'));
afterAll(() => rmSync(folder, { recursive: true }));

function read(change: Record<string, unknown>): LaneConfig {
  const file = join(folder, 'lanes.json');
  const lane = { id: 'a', connector: 'gsma', concurrency: 4, perSecond: 10, leaseMs: 30_000, settings: {} };
  writeFileSync(file, JSON.stringify({ lanes: [{ ...lane, ...change }] }));
  return readLanes(file, ['gsma'])[0]!;
}

describe('the lanes file', () => {
  it('what is not said has its default: no limit, always open, 20 silences stop it', () => {
    expect(read({})).toMatchObject({ breakerAfter: 20 });
    expect(read({})).not.toHaveProperty('inFlight');
    expect(read({ breakerAfter: 3, inFlight: 8, batchSize: 50 })).toMatchObject({
      breakerAfter: 3,
      inFlight: 8,
      batchSize: 50,
    });
  });

  it.each([
    [{ connector: 'none' }, 'wants the connector "none"'],
    [{ perSecond: 0 }, 'needs perSecond as a number above 0'],
    [{ breakerAfter: -1 }, 'needs breakerAfter as a number above 0'],
    [{ inFlight: 0 }, 'inFlight must be a whole number from 1'],
    [{ unresolvedMaxMs: '3 days' }, 'unresolvedMaxMs must be a whole number from 1'],
    [{ batchSize: 1.5 }, 'batchSize must be a whole number from 1'],
    [{ window: { timeZone: 'Nairobi' } }, 'window.timeZone must be an IANA time zone'],
    [{ window: { timeZone: 'UTC', hours: ['9-17'] } }, 'window.hours: "9-17" must be'],
  ])('a lane that cannot be used is refused with its name and the field: %j', (change, sentence) => {
    expect(() => read(change)).toThrow(sentence);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { developmentFile, withBuiltConnectors } from './development-file.js';

const LANES = readFileSync('examples/lanes.json', 'utf8');
const ports = { simulator: 4003, bank: 4008, receiver: 4004 };

interface Lane {
  id: string;
  connector: string;
  settings: { baseUrl?: string; username?: string };
}

function lanes(text: string): Lane[] {
  return (JSON.parse(text) as { lanes: Lane[] }).lanes;
}

describe('the development files', () => {
  it('name the ports of this stack, and none of the default ones', () => {
    const text = ['lanes.json', 'senders.json'].map((name) => developmentFile(name, ports)).join('');
    for (const port of Object.values(ports)) expect(text).toContain(String(port));
    expect(text).not.toMatch(/\b300[348]\b/);
  });

  it.each([
    ['gsma', 'mobile-money', 'paystack'],
    ['iso20022', 'core-banking', 'gsma'],
    ['paystack', 'payment-gateway', 'gsma'],
  ])('without the connector %s the lane %s is still there, over %s', (missing, id, lender) => {
    const found = lanes(withBuiltConnectors(LANES, (connector) => connector !== missing));
    expect(found.map((lane) => lane.id)).toEqual(lanes(LANES).map((lane) => lane.id));
    const lane = found.find((one) => one.id === id)!;
    expect(lane.connector).toBe(lender);
    // An account of its own at the rail.
    expect(lane.settings.baseUrl).toMatch(new RegExp(`/${id}$`));
    expect(found.filter((one) => one.id !== id)).toEqual(lanes(LANES).filter((one) => one.id !== id));
  });

  it('with all connectors, or with none, the lanes are as they stand in the file', () => {
    expect(withBuiltConnectors(LANES, () => true)).toBe(LANES);
    expect(withBuiltConnectors(LANES, () => false)).toBe(LANES);
  });
});

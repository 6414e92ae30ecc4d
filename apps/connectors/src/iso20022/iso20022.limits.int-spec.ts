import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { limitsPart, type Submit } from '../conformance/limits.part-spec.js';
import { ctx } from './iso20022.lane-spec.js';
import { SimulatedBank } from './simulated-bank-spec.js';

interface FileEntry {
  event: string;
  at: string;
  groups: { items: unknown[] }[];
}

/** Files in the bank's journal, each with its items. */
function files(journal: string): Submit[] {
  const entries = readFileSync(journal, 'utf8').trim().split('\n');
  return entries
    .map((line) => JSON.parse(line) as FileEntry)
    .filter(({ event }) => event === 'file')
    .map(({ at, groups }) => ({ atMs: Date.parse(at), items: groups.flatMap(({ items }) => items).length }));
}

limitsPart('iso20022', {
  payee: { scheme: 'account', id: '771000001', provider: 'BANK' },
  currency: 'KES',
  most: 7,
  batchSize: 7,
  start: async () => {
    const bank = new SimulatedBank();
    await bank.start();
    const { connector } = bank.lane();
    // What waits for the first connection would reach the bank all at once.
    await connector.health(ctx);
    return { connector, seen: () => files(join(bank.data, 'bank.jsonl')), stop: () => bank.stop() };
  },
});

import { randomUUID } from 'node:crypto';
import type { Instruction } from '../connector.js';
import { readIso20022Config, type Iso20022Config } from './iso20022.config.js';

export const SETTINGS = {
  host: '127.0.0.1',
  username: 'gpo',
  password: 'gpo-dev-secret',
  hostKeys: [`SHA256:${'A'.repeat(43)}`],
  ordersFolder: '/in',
  answersFolder: '/out',
  payerName: 'Ministry of Social Protection',
  payerBank: 'MOCKNL2A',
  defaultPayerAccount: 'iban:NL41MOCK0000000001',
  currencies: ['EUR', 'RWF', 'KWD', 'KES'],
};

export function config(change: Record<string, unknown> = {}): Iso20022Config {
  return readIso20022Config('core-banking', { ...SETTINGS, ...change });
}

/** A UUID version 4, as rail ids are. */
export function instruction(change: Partial<Instruction> = {}): Instruction {
  return {
    railId: randomUUID(),
    batchId: randomUUID(),
    disbursementId: randomUUID(),
    attempt: 1,
    referenceId: randomUUID(),
    payer: { text: 'account_no:1@TREASURY', scheme: 'account_no', id: '1', provider: 'TREASURY' },
    payee: payee('iban', 'NL30MOCK0000000005', 'MOCKNL2A'),
    payeeName: 'Amina',
    amountMinor: 1_050n,
    currency: 'EUR',
    exponent: 2,
    ...change,
  };
}

export function payee(scheme: string, id: string, provider = ''): Instruction['payee'] {
  return { text: `${scheme}:${id}@${provider}`, scheme, id, provider };
}

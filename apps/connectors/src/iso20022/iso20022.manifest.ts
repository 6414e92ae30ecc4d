import type { ConnectorManifest } from '../connector.js';
import { manifestCodes } from './iso20022.codes.js';
import type { Account, Iso20022Config } from './iso20022.config.js';

/**
 * What this rail promises: pain.001.001.09 in, pain.002 and statements out. A query asks our record of the bank's
 * answers and the bank's folder; `absent` is only said of a file that was never given its name there.
 */
export function iso20022Manifest(config: Iso20022Config): ConnectorManifest {
  return {
    id: 'iso20022',
    family: 'core-banking',
    apiVersion: 'pain.001.001.09',
    faTypes: ['iban', 'account', 'account_no'],
    currencies: config.currencies,
    amountForm: 'decimal',
    submit: { mode: 'file', maxItems: config.fileItemsMax },
    duplicate: config.duplicateCheck,
    refusedId: 'burnt',
    dedupeWindowMs: config.dedupeWindowMs,
    query: 'by-our-id',
    absentIsFinalAfterMs: config.absentIsFinalAfterMs,
    result: ['file'],
    inboundAuth: 'ssh-host-key',
    finality: 'may-be-returned',
    payerAccounts: payerAccounts(config),
    codes: manifestCodes(config.acccSettles),
  };
}

function payerAccounts({
  payerAccounts: accounts,
  defaultPayerAccount,
}: Iso20022Config): Record<string, string> {
  const named = (account: Account | undefined): string =>
    account === undefined ? '' : 'iban' in account ? account.iban : account.number;
  const pairs = [...accounts].map(([payer, account]) => [payer, named(account)] as const);
  return Object.fromEntries([['', named(defaultPayerAccount)], ...pairs]);
}

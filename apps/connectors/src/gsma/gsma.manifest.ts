import type { CodeDecision, ConnectorManifest } from '../connector.js';
import { GSMA_CODES } from './gsma.codes.js';
import type { GsmaConfig } from './gsma.config.js';

/** What this rail promises: GSMA Mobile Money API 1.2, disbursements, and the provider's own figures from the lane. */
export function gsmaManifest(config: GsmaConfig): ConnectorManifest {
  return {
    id: 'gsma',
    family: 'mobile-money',
    apiVersion: '1.2.0',
    faTypes: 'any',
    currencies: config.currencies,
    amountForm: 'decimal-no-trailing-zero',
    submit: { mode: 'single', maxItems: 1 },
    duplicate: 'rejects',
    refusedId: 'burnt',
    dedupeWindowMs: config.dedupeWindowMs,
    query: 'by-our-id',
    absentIsFinalAfterMs: config.absentIsFinalAfterMs,
    result: ['callback', 'poll'],
    inboundAuth: 'unsigned-confirm-by-query',
    finality: 'may-be-returned',
    payerAccounts: { '': config.defaultPayerAccount ?? '', ...Object.fromEntries(config.payerAccounts) },
    codes: CODES,
  };
}

const CODES: Readonly<Record<string, CodeDecision>> = Object.fromEntries(
  Object.entries(GSMA_CODES).map(([code, { kind }]) => [code, kind]),
);

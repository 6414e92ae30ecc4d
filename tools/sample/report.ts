import type { BatchStatus } from './api-client.js';
import type { ProgrammeResult } from './programme.js';

/** What `--report FILE` writes. Counts are lines, amounts minor units as text, memory MiB resident. */
export interface Report {
  accepted: number;
  succeeded: number;
  failed: number;
  returned: number;
  malformed: number;
  review: number;
  retried: number;
  in_flight: number;
  amount_minor: Record<string, Record<string, string>>;
  callbacks_delivered: number;
  rail_payments: number;
  rail_double_payments: number;
  seconds: number;
  settled_per_second: number;
  rss_mb: Record<string, number>;
  violations: string[];
}

export function makeReport(result: ProgrammeResult, rssMb: Record<string, number>): Report {
  const count = (state: string): number =>
    result.batches.reduce((total, { states }) => total + (states[state]?.count ?? 0), 0);
  const final =
    count('succeeded') + count('failed') + count('returned') + count('malformed') + count('cancelled');
  return {
    accepted: result.lines,
    succeeded: count('succeeded'),
    failed: count('failed'),
    returned: count('returned'),
    malformed: count('malformed'),
    review: count('review'),
    retried: result.batches.reduce((total, { retried }) => total + retried, 0),
    in_flight: result.lines - final,
    amount_minor: amounts(result.batches),
    callbacks_delivered: result.batches.reduce((total, { callbacks }) => total + callbacks.delivered, 0),
    rail_payments: result.rail.payments,
    rail_double_payments: result.rail.double_payments,
    seconds: round(result.seconds),
    settled_per_second: round(final / Math.max(0.001, result.settleSeconds)),
    rss_mb: rssMb,
    violations: result.violations,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Per state and currency. */
function amounts(batches: readonly BatchStatus[]): Record<string, Record<string, string>> {
  const sums: Record<string, Record<string, string>> = {};
  for (const { states } of batches) {
    for (const [state, { amounts: perCurrency }] of Object.entries(states)) {
      for (const { currency_code, amount_minor } of perCurrency) {
        const sum = (sums[state] ??= {});
        sum[currency_code] = String(BigInt(sum[currency_code] ?? '0') + BigInt(amount_minor));
      }
    }
  }
  return sums;
}

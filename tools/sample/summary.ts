import { currencyExponent, formatAmount } from '@gpo/g2p-connect-schemas';
import type { Report } from './report.js';

/** The report in words for a terminal. */
export function summaryLines(report: Report): string[] {
  const money = (state: string): string =>
    Object.entries(report.amount_minor[state] ?? {})
      .filter(([, minor]) => minor !== '0')
      .map(
        ([currency, minor]) =>
          `${grouped(formatAmount(BigInt(minor), currencyExponent(currency) ?? 2))} ${currency}`,
      )
      .join(', ');
  const row = (word: string, count: number, state: string, remark: string): string =>
    `  ${word.padEnd(10)} ${String(count).padStart(8)}   ${money(state).padEnd(42)} ${remark}`.trimEnd();
  return [
    '',
    `The sample programme of ${report.accepted} disbursements is settled after ${report.seconds} s (${report.settled_per_second} a second).`,
    '',
    row('paid', report.succeeded, 'succeeded', ''),
    row('returned', report.returned, 'returned', 'paid, then sent back by the rail'),
    row('failed', report.failed, 'failed', 'refused by the rail for good'),
    row('malformed', report.malformed, 'malformed', 'refused before any rail'),
    row('review', report.review, 'review', report.review > 0 ? 'an operator decides' : ''),
    row('retried', report.retried, '', 'needed more than one attempt'),
    '',
    `  The rail's own journal: ${report.rail_payments} payments, ${report.rail_double_payments} of them twice.`,
    `  Callbacks delivered: ${report.callbacks_delivered}.`,
    `  Memory: ${Object.entries(report.rss_mb)
      .map(([name, mb]) => `${name} ${mb}`)
      .join(', ')} MB; together ${total(report.rss_mb)} MB.`,
    ...report.violations.map((violation) => `  WRONG: ${violation}`),
    '',
  ];
}

function total(rssMb: Record<string, number>): number {
  return Object.values(rssMb).reduce((sum, mb) => sum + mb, 0);
}

function grouped(amount: string): string {
  const [whole, fraction] = amount.split('.');
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}.${fraction!}`;
}

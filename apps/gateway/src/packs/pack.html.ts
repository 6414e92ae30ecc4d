import type { ReadPosition } from '@gpo/reconciliation';
import { escapeText } from '@gpo/xml';
import type { PackTotals } from './pack.totals.js';

export interface PackSummary {
  format: 1;
  pack_id: string;
  scope: { batch_id: string } | { from: string; to: string };
  /** Whose batch; only where there is one. */
  batch?: { sender_id: string; transaction_id: string; received_at: string; completed_at: string | null };
  made_at: string;
  asked_by: string;
  totals: PackTotals;
  positions: ReadPosition[];
}

const STYLE = `
  body { font: 15px/1.5 system-ui, sans-serif; color: #1a1a1a; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
  h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; border-bottom: 2px solid #1a1a1a; }
  table { border-collapse: collapse; width: 100%; } th, td { text-align: left; padding: .3rem .5rem; border-bottom: 1px solid #ccc; }
  th { font-weight: 600; } td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
  .bad { color: #a30000; font-weight: 600; } .good { color: #00592e; font-weight: 600; } .note, caption { color: #555; text-align: left; }
  dl { display: grid; grid-template-columns: max-content auto; gap: .2rem 1.5rem; margin: 1rem 0; } dt { color: #555; } dd { margin: 0; overflow-wrap: anywhere; }
  h3 { font-size: 1rem; margin: 1rem 0 .25rem; } .tight { font-size: .85rem; } .tight td, .tight th { padding: .25rem .3rem; }
  @media print { @page { size: A4; margin: 15mm; } body { font-size: 10pt; margin: 0; max-width: none; } h2 { break-after: avoid; } tr { break-inside: avoid; } thead { display: table-header-group; } }`;

interface Column {
  head: string;
  number?: true;
}

const text = (head: string): Column => ({ head });
const number = (head: string): Column => ({ head, number: true });

/** The summary to be read and printed; it loads nothing from anywhere. */
export function summaryHtml(summary: PackSummary): string {
  const { totals, positions, scope, batch } = summary;
  const title =
    'batch_id' in scope
      ? `Batch ${batch?.transaction_id ?? scope.batch_id}`
      : `Batches of ${scope.from} to ${scope.to}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escapeText(title)}: auditor's pack</title><style>${STYLE}</style></head><body>
<h1>${escapeText(title)}</h1>
<p class="note">Auditor's pack of the G2P Payments Orchestrator. Every figure can be recomputed from the lists in it: README.txt says how.</p>
${about(summary)}
<h2>Disbursements by state</h2>
${table(
  [text('State'), number('Lines'), number('Amount'), text('')],
  totals.by_state.map((row) => [row.state, row.lines, row.amount, row.currency_code]),
)}
<h2>Payments by lane</h2>
${table(
  [text('Lane'), text(''), number('Payments'), number('Amount'), text('')],
  totals.by_lane.map((row) => [row.lane, row.state, row.lines, row.amount, row.currency_code]),
)}
<h2>The books</h2>
${verdict(totals)}
${table(
  [text('Break'), text('State'), number('Count')],
  totals.breaks.map(({ kind, state, count }) => [kind, state, String(count)]),
)}
<h2>Positions</h2>
${positionsTables(positions)}
</body></html>
`;
}

function about({ pack_id, batch, made_at, asked_by, totals }: PackSummary): string {
  const facts: [string, string][] = [
    ...(batch === undefined
      ? ([['Batches', String(totals.batches)]] as [string, string][])
      : ([
          ['Sender', batch.sender_id],
          ['Transaction', batch.transaction_id],
          ['Received', batch.received_at],
          ['Completed', batch.completed_at ?? 'not yet'],
        ] as [string, string][])),
    ['Lines', String(totals.lines)],
    ['Closed', `${totals.closed} of ${totals.batches}`],
    ['Made', `${made_at} for ${asked_by}`],
    ['Pack', pack_id],
  ];
  return `<dl>${facts.map(([name, value]) => `<dt>${escapeText(name)}</dt><dd>${escapeText(value)}</dd>`).join('')}</dl>`;
}

function verdict({ attempts, bookings, unmatched, breaks }: PackTotals): string {
  const open = breaks.filter(({ state }) => state === 'open').reduce((sum, { count }) => sum + count, 0);
  const agree = unmatched === 0 && open === 0;
  const sentence = agree
    ? 'Every payment is told by a statement, and no break is open.'
    : `${unmatched} payments are told by no statement; ${open} breaks are open.`;
  return `<p class="${agree ? 'good' : 'bad'}">${sentence}</p><p class="note">${attempts} attempts, ${bookings} bookings of statements.</p>`;
}

function positionsTables(positions: readonly ReadPosition[]): string {
  if (positions.length === 0) return '<p class="note">No statement tells a payment of this pack.</p>';
  const heads = ['Opening', 'Paid', 'Returned', 'Other', 'Closing', 'Bank', 'Difference', 'Gap'].map(number);
  const accounts = new Map<string, ReadPosition[]>();
  for (const one of positions) {
    const name = `${one.account}, ${one.currency_code} (${one.lane})`;
    accounts.set(name, [...(accounts.get(name) ?? []), one]);
  }
  return [...accounts]
    .map(([name, days]) => {
      const rows = days.map((one) => [
        ...[
          one.day,
          one.opening,
          `-${one.paid}`,
          `+${one.returned}`,
          `-${one.other_debits} +${one.other_credits}`,
        ],
        ...[one.closing, one.bank, one.difference, one.gap],
      ]);
      return `<h3>${escapeText(name)}</h3>${table([text('Day'), ...heads], rows, 'tight')}`;
    })
    .join('\n');
}

/** Digits in threes, to be read. */
function grouped(value: string): string {
  return value.replace(/\d(?=(?:\d{3})+(?:\.|$|\s))/g, '$&\u202f');
}

function table(columns: readonly Column[], rows: readonly (readonly (string | null)[])[], kind = ''): string {
  if (rows.length === 0) return '<p class="note">None.</p>';
  const cell = (tag: 'th' | 'td', value: string | null, index: number): string =>
    `<${tag}${columns[index]?.number === true ? ' class="n"' : ''}>${escapeText(columns[index]?.number === true ? grouped(value ?? '') : (value ?? ''))}</${tag}>`;
  const head = columns.map((column, index) => cell('th', column.head, index)).join('');
  const body = rows
    .map((row) => `<tr>${row.map((value, index) => cell('td', value, index)).join('')}</tr>`)
    .join('\n');
  return `<table class="${kind}"><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

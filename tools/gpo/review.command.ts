import type { Command } from 'commander';
import { decideApi, readApi } from './gateway.api.js';
import { print } from './output.js';

interface Review {
  disbursement_id: string;
  transaction_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
  lane: string;
  rail_id: string;
  sent_at: string[];
  review_at: string;
  not_paid_from: string | null;
  seen: string;
  [field: string]: unknown;
}

interface Decision {
  seen: string;
  statement: string;
  statementAt?: string;
  reason: string;
  railReference?: string;
  lane?: string;
  json?: true;
}

const MISSING = 'No attempt of such a disbursement is in review; see review list.';
const DECISIONS = ['paid', 'returned', 'not-paid', 'pay-again'] as const;

export function addReviewCommands(program: Command): void {
  const review = program
    .command('review')
    .description('Attempts of which nobody knows whether they were paid; docs/reviews.md.');
  review
    .command('list')
    .description('What is in review, longest waiting first.')
    .option('--limit <N>', 'how many', '100')
    .option('--json', 'as JSON')
    .action(async (options: { limit: string; json?: true }) => {
      const path = `/api/v1/reviews?limit=${encodeURIComponent(options.limit)}`;
      const { reviews, next } = await readApi<{ reviews: Review[]; next: string | null }>(path, MISSING);
      print(options.json === true ? reviews : reviews.map(row), options.json === true);
      if (next !== null) process.stderr.write('There are more; use --limit.\n');
    });
  review
    .command('show <disbursement>')
    .description(
      'Everything that is known about it: ids, every send, what the rail said, what happened so far.',
    )
    .option('--json', 'as JSON')
    .action(async (id: string, options: { json?: true }) => {
      const found = await readApi<Review>(`/api/v1/reviews/${encodeURIComponent(id)}`, MISSING);
      if (options.json === true) return print([found], true);
      print(
        Object.entries(found).map(([field, value]) => ({ field, value })),
        false,
      );
      const path = `/api/v1/disbursements/${encodeURIComponent(id)}`;
      print((await readApi<{ history: Record<string, unknown>[] }>(path, MISSING)).history, false);
    });
  addDecide(review);
}

function addDecide(review: Command): void {
  review
    .command('decide <disbursement> <decision>')
    .description(
      `Ends it as the rail's statement shows: ${DECISIONS.join(', ')}. GPO_OPERATOR_TOKEN says who decides.`,
    )
    .requiredOption('--seen <A.B>', 'seen of review show: the decision is about what you saw')
    .requiredOption('--statement <TEXT>', "where the rail's statement or answer can be found again")
    .requiredOption('--reason <TEXT>', 'why; stands in the history')
    .option('--statement-at <TIME>', 'time up to which it tells everything; for not-paid and pay-again')
    .option('--rail-reference <ID>', "the rail's own id of the payment")
    .option('--lane <NAME>', 'pay-again: another lane than before')
    .option('--json', 'as JSON')
    .action(async (id: string, decision: string, options: Decision) => {
      const { seen, statement, statementAt, reason, railReference, lane } = options;
      const body = {
        decision,
        seen,
        statement,
        statement_at: statementAt,
        reason,
        rail_reference: railReference,
        lane,
      };
      const path = `/api/v1/operator/reviews/${encodeURIComponent(id)}/decide`;
      print([await decideApi<Record<string, unknown>>(path, body, MISSING)], options.json === true);
    });
}

function row(review: Review): Record<string, unknown> {
  const { disbursement_id, transaction_id, payee_fa, amount, currency_code, lane, rail_id, seen } = review;
  return {
    disbursement_id,
    batch: transaction_id,
    payee: payee_fa,
    amount: `${amount} ${currency_code}`,
    lane,
    rail_id,
    sends: review.sent_at.length,
    since: review.review_at,
    not_paid_from: review.not_paid_from,
    seen,
  };
}

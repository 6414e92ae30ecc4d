import { currencyExponents } from '@gpo/g2p-connect-schemas';
import { utcText } from '@gpo/persistence';
import { batchConditions } from './batch.repository.js';
import type { BatchFilter } from './batch.query.js';
import type { Statement } from './line.query.js';

/** Batches for a CSV file, newest first: a row for each state and currency that a batch has lines in. */
export function batchRows(filter: BatchFilter): Statement {
  const { where, parameters } = batchConditions(filter);
  const exponents = `$${parameters.push(JSON.stringify(currencyExponents()))}`;
  const sql = `
    SELECT b.batch_id, b.sender_id, b.transaction_id, b.channel, ${utcText('b.received_at')} AS received_at, ${utcText('b.completed_at')} AS completed_at, b.total_count, c.state,
           nullif(c.currency_code, '') AS currency_code, c.lines,
           round(c.minor / power(10::numeric, c.exponent), greatest(2, c.exponent)) AS amount, c.minor AS amount_minor
      FROM batch b
      LEFT JOIN LATERAL (SELECT state, currency_code, sum(lines) AS lines, sum(amount_minor) AS minor,
                                (${exponents}::jsonb ->> currency_code)::integer AS exponent
                           FROM batch_counter WHERE batch_id = b.batch_id GROUP BY state, currency_code
                         HAVING sum(lines) <> 0) c ON true
     WHERE ${where}
     ORDER BY b.received_at DESC, b.batch_id DESC, c.state, c.currency_code`;
  return { sql, parameters };
}

/** Batches and states of which rows and counters do not say the same, in lines or in sum (rule M). */
export const DISAGREEING_BOOKS = `
  SELECT * FROM (SELECT batch_id, state, count(*) AS n, sum(amount_minor) AS m FROM disbursement GROUP BY 1, 2) d
    FULL JOIN (SELECT batch_id, state, sum(lines) AS n, sum(amount_minor) AS m FROM batch_counter GROUP BY 1, 2
               HAVING sum(lines) <> 0) c USING (batch_id, state)
   WHERE d.n IS DISTINCT FROM c.n OR d.m IS DISTINCT FROM c.m`;

/**
 * Whether no statement told an attempt `a`: one that settled without its debit, alone or with its whole group, or one that came back without its
 * credit.
 */
export const UNTOLD = `(a.state IN ('settled', 'returned')
  AND NOT EXISTS (SELECT FROM booking b
                   WHERE b.disbursement_id = a.disbursement_id AND b.attempt_no = a.attempt_no
                     AND b.direction = CASE a.state WHEN 'settled' THEN 'debit' ELSE 'credit' END)
  AND NOT (a.state = 'settled' AND EXISTS (
    SELECT FROM bank_file_item i
      JOIN booking g ON g.lane = i.lane AND g.group_name IN (i.group_id, i.message_id) AND g.disbursement_id IS NULL
     WHERE i.lane = a.lane AND i.rail_id = a.rail_id)))`;

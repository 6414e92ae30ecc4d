/** Who holds a line: the mark of the line itself, else that of its batch. `released` takes a line out of its batch's hold. */
export const HOLD_MARK = 'coalesce(d.hold_mark, b.hold_mark)';

/** SQL condition: a person holds the line, so no lane may claim it. `d` is the disbursement, `b` its batch. */
export const HELD = `coalesce(d.hold_mark, b.hold_mark, 'released') <> 'released'`;

/** SQL condition: a person holds the line, or a mapper has yet to say where its payee is paid. No lane may claim it. */
export const WAITING = `(d.unresolved OR ${HELD})`;

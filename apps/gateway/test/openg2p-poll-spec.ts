import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What clients of OpenG2P put on the wire, recorded; absent where the shared folder is. */
export const fixtures = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'fixtures');
export const hasFixtures = existsSync(fixtures);

export function readFixture(name: string): string {
  return readFileSync(join(fixtures, name), 'utf8');
}

/** A payment as the client keeps it: unset while nothing is known. */
export interface Payment {
  status?: 'paid' | 'failed';
}

/** What the client is answered. */
export interface Polled {
  status: number;
  body: { message: unknown };
}

/**
 * What the client of generation 1 makes of a status answer: it walks txn_status as a list, passes over falsy entries,
 * reads reference_id and status of the others, and acts on succ and rjct only. A missing key or another form is an
 * exception, after which nothing more is read.
 */
export function pollGeneration1({ status, body }: Polled, payments: Map<string, Payment>): void {
  if (status >= 400) throw new Error(`HTTP ${status}`);
  const { txnstatus_response: response } = body.message as { txnstatus_response?: { txn_status?: unknown } };
  if (response?.txn_status === undefined) throw new Error('KeyError');
  if (!Array.isArray(response.txn_status)) throw new TypeError('not a list');
  for (const entry of response.txn_status as (Record<string, unknown> | null)[]) {
    if (entry === null) continue;
    if (!('reference_id' in entry) || !('status' in entry)) throw new Error('KeyError');
    const payment = payments.get(String(entry.reference_id));
    if (payment === undefined) continue;
    if (entry.status === 'succ') payment.status = 'paid';
    if (entry.status === 'rjct') payment.status = 'failed';
  }
}

/** References of the lines of a disburse body. */
export function references(body: string): string[] {
  const { message } = JSON.parse(body) as { message: { disbursements: { reference_id: string }[] } };
  return message.disbursements.map(({ reference_id }) => reference_id);
}

/** The recorded poll, asking for these references. */
export function poll(ids: readonly unknown[]): unknown {
  const body = JSON.parse(readFixture('openg2p-gen1b-status.json')) as {
    header: { total_count: number };
    message: { txnstatus_request: { attribute_value: unknown } };
  };
  body.message.txnstatus_request.attribute_value = ids;
  body.header.total_count = ids.length;
  return body;
}

import { faultOf, type Fault, type FaultBoard } from '../faults.js';
import type { Order } from './bank.message.js';

/** What becomes of the connection over which a file gets its name. */
export type Placing = 'answered' | 'dropped-before' | 'dropped-after';

const STRIKES = 2;

/**
 * Faults of a connection are asked for by a payee in the file, or chosen by share for the file as a whole: one in twenty
 * of its payees would mean every file of a thousand.
 */
export function placingOf(account: string, { messageId, groups }: Order, faults: FaultBoard): Placing {
  const met = groups.flatMap(({ items }) =>
    items.map((item) => [item.disbursement, faultOf(item.payee)] as const),
  );
  met.push([messageId, faults.of(messageId)]);
  // Every payee of the file uses up its strikes: together they delay the file as long as the worst of them.
  const before = met.filter(([key, fault]) => strikes(`${account} ${key}`, fault, faults));
  if (before.length > 0) return 'dropped-before';
  const silent = met.some(([, fault]) => fault === 'pays-then-silent' || fault === 'pays-then-500');
  return silent ? 'dropped-after' : 'answered';
}

function strikes(key: string, fault: Fault | undefined, faults: FaultBoard): boolean {
  if (fault === 'drops-before-paying') return faults.strike(key, 1);
  return (fault === 'rate-limit-twice' || fault === 'busy-twice') && faults.strike(key, STRIKES);
}

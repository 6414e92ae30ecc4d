/** The endpoints of interface A that a sender calls (disburse_core_api_v1.0.0). */
export type InterfacePath =
  | 'disburse'
  | 'disburse/sync/disburse'
  | 'disburse/search'
  | 'disburse/sync/search'
  | 'disburse/txn/status'
  | 'disburse/sync/txn/status';

// What the specification prints for header.action differs from path to path and is wrong on most of them (D4).
const WORDS: Readonly<Record<InterfacePath, readonly string[]>> = {
  disburse: ['disburse', 'on-disburse'],
  'disburse/sync/disburse': ['disburse', 'on-disburse', 'search'],
  'disburse/search': ['search', 'on-search'],
  'disburse/sync/search': ['search', 'on-search'],
  'disburse/txn/status': ['disburse', 'on-disburse', 'on-search', 'on-status'],
  'disburse/sync/txn/status': ['disburse', 'on-disburse', 'search', 'subscribe', 'on-status'],
};

/** Placeholders that deployed clients send on every path. */
const ANYWHERE = ['status', 'txn-status', 'string', ''];

/** Words that header.action may hold on this path. The path alone decides what is done. */
export function actionsOf(path: InterfacePath): readonly string[] {
  return [...WORDS[path], ...ANYWHERE];
}

import { addressProblem, parseAddress, type FinancialAddress } from '@gpo/g2p-connect-schemas';
import type { AddressRule } from './mapper.setting.js';

const NAME = /\{(\w+)\}/g;

/**
 * Where a payee is paid, from what a mapper answered: text (`account:{no}@{branch}.{bank}.{type}`, SPAR's strings) or an
 * object of parts (SPAR 2).
 * @param rules of the sender; none = the text is an address itself.
 * @returns undefined where no rule fits or the result is no address: nobody is paid at a guess.
 */
export function resolvedAddress(
  fa: unknown,
  rules: readonly AddressRule[] | undefined,
): FinancialAddress | undefined {
  const text = rules === undefined ? fa : applyRules(fa, rules);
  if (typeof text !== 'string' || addressProblem(text) !== undefined) return undefined;
  const address = parseAddress(text);
  // What has neither a kind nor a keeper is an id again, or half of an account.
  return address.scheme === '' && address.provider === '' ? undefined : address;
}

function applyRules(fa: unknown, rules: readonly AddressRule[]): string | undefined {
  for (const { pattern, address } of rules) {
    const parts = partsOf(fa, pattern);
    const filled = parts && fill(address, parts);
    if (filled !== undefined) return filled;
  }
  return undefined;
}

function partsOf(fa: unknown, pattern: string | undefined): Readonly<Record<string, unknown>> | undefined {
  if (pattern === undefined)
    return typeof fa === 'object' && fa !== null ? (fa as Record<string, unknown>) : undefined;
  return typeof fa === 'string' ? new RegExp(`^(?:${pattern})$`, 'u').exec(fa)?.groups : undefined;
}

/** undefined where a part is missing, empty or no text. */
function fill(template: string, parts: Readonly<Record<string, unknown>>): string | undefined {
  const names = [...template.matchAll(NAME)].map(([, name]) => name!);
  const isWhole = names.every(
    (name) => Object.hasOwn(parts, name) && typeof parts[name] === 'string' && parts[name] !== '',
  );
  return isWhole ? template.replace(NAME, (_all, name: string) => parts[name] as string) : undefined;
}

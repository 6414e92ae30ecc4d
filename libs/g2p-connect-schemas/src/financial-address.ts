/** A financial address `[scheme:]id[@provider]` (G2P Connect FinancialAddress; interface A, D2). */
export interface FinancialAddress {
  /** What the sender wrote. */
  text: string;
  /** Before the first colon, in lower case; '' where there is none. */
  scheme: string;
  id: string;
  /** After the last @, as written; '' where there is none. */
  provider: string;
}

const LENGTH_MAX = 256;

const UNPRINTABLE = /[\u0000-\u001f\u007f]/;

/** Splits at the FIRST colon and the LAST @. */
export function parseAddress(text: string): FinancialAddress {
  const colon = text.indexOf(':');
  const at = text.lastIndexOf('@');
  const hasScheme = colon > 0 && (at < 0 || colon < at);
  const hasProvider = at > (hasScheme ? colon : -1);
  return {
    text,
    scheme: hasScheme ? text.slice(0, colon).toLowerCase() : '',
    id: text.slice(hasScheme ? colon + 1 : 0, hasProvider ? at : undefined),
    provider: hasProvider ? text.slice(at + 1) : '',
  };
}

/** Addresses are compared without regard to case. */
export function sameAddress(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

/**
 * Why this text cannot be an address, or undefined. An unset prefix, suffix or bank code prints as `False` in what
 * Odoo sends (interface A, 2.2); no one is to be paid at such an address.
 */
export function addressProblem(text: string): string | undefined {
  if (text === '') return 'The address is empty.';
  if (text.length > LENGTH_MAX) return `The address is longer than ${LENGTH_MAX} characters.`;
  if (UNPRINTABLE.test(text)) return 'The address holds control characters.';
  const { id, provider } = parseAddress(text);
  if (id === '') return 'The address has no account or number.';
  if (/^False|False$/.test(text) || /^False|False$/.test(id) || provider === 'False') {
    return 'The address begins or ends with False: a prefix, suffix or bank code is not set at the sender.';
  }
  return undefined;
}

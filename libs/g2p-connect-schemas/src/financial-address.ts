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

/** Longest address, in UTF-16 units. */
export const ADDRESS_MAX = 256;

// Control, invisible and direction-changing characters, and spaces: no one can check such an address by eye.
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Z}]/u;

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

/**
 * The form in which addresses are compared, digested and looked up: without regard to case (D2). What is stored, sent
 * on and answered is the sender's own text.
 */
export function canonicalAddress(text: string): string {
  return text.toLowerCase();
}

/** True where two texts name the same account. */
export function sameAddress(a: string, b: string): boolean {
  return canonicalAddress(a) === canonicalAddress(b);
}

/**
 * Why this text cannot be an address, or undefined. An unset prefix, suffix or bank code prints as `False` in what
 * Odoo sends (interface A, 2.2); no one is to be paid at such an address.
 */
export function addressProblem(text: string): string | undefined {
  if (text === '') return 'The address is empty.';
  if (text.length > ADDRESS_MAX) return `The address is longer than ${ADDRESS_MAX} characters.`;
  if (UNPRINTABLE.test(text)) return 'The address holds a space or an invisible character.';
  const { id, provider } = parseAddress(text);
  if (id === '') return 'The address has no account or number.';
  if (/^False|False$/.test(text) || /^False|False$/.test(id) || provider === 'False') {
    return 'The address begins or ends with False: a prefix, suffix or bank code is not set at the sender.';
  }
  return undefined;
}

import type { Sender } from '../senders/sender.js';
import { MAPPER_FORMS, type MapperForm } from './mapper.form.js';

export const RESOLVE_WORDS = ['when-id', 'always'] as const;

/** How a sender's beneficiary ids become addresses (interface A, section 5). See docs/mapper.md. */
export interface MapperSetting {
  /** "when-id": only payees whose scheme is one of `id_schemes`. "always": every payee. */
  resolve: (typeof RESOLVE_WORDS)[number];
  /** Where the mapper takes resolve requests, whole. */
  url: string;
  /** Which shape it speaks. */
  form: MapperForm;
  /** Schemes of payee_fa that are ids (`token:…@nationalId`), in any case. Default ["token"]. */
  id_schemes?: readonly string[];
  /** Environment variable that holds the Authorization header for the mapper. Default none. */
  authorization_env?: string;
  /** The key that signs requests; absent = they are not signed. */
  signing?: MapperSigning;
  /**
   * How what the mapper answers becomes `scheme:id@provider`; the first that fits counts. Default: the answer is such an
   * address.
   */
  addresses?: readonly AddressRule[];
  /** Under which address the mapper reaches this gateway; only for asynchronous forms. */
  answer_to?: string;
  /** Days after its end for which a disbursement keeps the resolved account. Default 30. */
  keep_days?: number;
}

export interface MapperSigning {
  /** Private key (PEM), relative to the senders file. RSA signs with RS256, which SPAR takes by default. */
  key_file: string;
  /** Under which the mapper knows the public half. Default: the key's thumbprint (RFC 7638). */
  key_id?: string;
}

export interface AddressRule {
  /** For a mapper that answers with text: a pattern with named groups. For one that answers with an object: absent. */
  pattern?: string;
  /** `account_no:{account}@{bank}`: names are groups of the pattern, or fields of the object. All must be there. */
  address: string;
}

const ID_SCHEMES: readonly string[] = ['token'];

/** True where the payee of this line is to be resolved before it can be paid. */
export function needsMapper({ mapper }: Sender, { payeeScheme }: { payeeScheme: string }): boolean {
  if (mapper === undefined) return false;
  if (mapper.resolve === 'always') return true;
  return (mapper.id_schemes ?? ID_SCHEMES).some((scheme) => scheme.toLowerCase() === payeeScheme);
}

/** The Authorization header for this mapper; undefined = none. */
export function authorizationOf({ authorization_env: name }: MapperSetting): string | undefined {
  return name === undefined ? undefined : process.env[name];
}

/** @throws Error with one sentence where the senders file says something of a mapper that cannot be used. */
export function checkMapper({ id, mapper }: Pick<Sender, 'id' | 'mapper'>): void {
  if (mapper === undefined) return;
  const refuse = (what: string): never => {
    throw new Error(`The sender "${id}" needs a mapper with ${what}.`);
  };
  if (!RESOLVE_WORDS.includes(mapper.resolve)) refuse('resolve "when-id" or "always"');
  if (!URL.canParse(mapper.url)) refuse('a url');
  if (!MAPPER_FORMS.includes(mapper.form)) refuse(`form ${MAPPER_FORMS.join(', ')}`);
  if (mapper.form === 'g2p-connect-async' && !URL.canParse(mapper.answer_to ?? ''))
    refuse('answer_to, where the mapper finds this gateway');
  if (mapper.authorization_env !== undefined && !authorizationOf(mapper))
    refuse(`the environment variable ${mapper.authorization_env}, which its authorization_env names`);
  if (!(Number.isFinite(mapper.keep_days ?? 0) && (mapper.keep_days ?? 0) >= 0))
    refuse('keep_days of at least 0');
  for (const { pattern = '', address } of mapper.addresses ?? []) {
    try {
      new RegExp(pattern, 'u');
    } catch {
      refuse(`addresses whose pattern is a regular expression, not ${pattern}`);
    }
    if (typeof address !== 'string' || !address.includes('{')) refuse('addresses with an address {template}');
  }
}

import { KeyObject, createHash, verify } from 'node:crypto';
import { base64url, errors, flattenedVerify } from 'jose';
import { canonicalJson, parseExactInSlices, type CanonicalForm } from '@gpo/g2p-connect-schemas';
import type { KeyFile } from './key-file.js';

// No shared secret and no "none": whoever could check such a signature could also make one.
const ALGORITHMS = ['EdDSA', 'ES256', 'PS256', 'RS256'];
const CLOCK_SKEW_S = 60;
const ED25519_BYTES = 64;

/** A signature as it was found: where it stood decides how it is checked. */
export type FoundSignature =
  { kind: 'jws'; head: string; signature: string } | { kind: 'fields'; fields: ReadonlyMap<string, string> };

const DETACHED_JWS = /^\s*([\w-]+)\.\.([\w-]+)\s*$/;
const FIELD = /(\w+)\s*=\s*"([^"]*)"/g;

/**
 * The signature of a message: a detached JWS (RFC 7515, appendix F) in header `Signature` or body.signature, or the
 * specification's own fields in body.signature (MsgSignature, D22). Placeholders such as "string" are none.
 * @returns undefined where the message is not signed.
 */
export function findSignature(header: unknown, inBody: unknown): FoundSignature | undefined {
  for (const place of [header, inBody]) {
    if (typeof place !== 'string') continue;
    const [, head, signature] = DETACHED_JWS.exec(place) ?? [];
    if (head !== undefined && signature !== undefined) return { kind: 'jws', head, signature };
  }
  if (typeof inBody !== 'string') return undefined;
  // The example of the specification begins with the name of the header and says kidId where the header form says keyId.
  const fields = new Map([...inBody.matchAll(FIELD)].map(([, name, value]) => [name!, value!]));
  return fields.has('signature') && fields.has('created') ? { kind: 'fields', fields } : undefined;
}

/** What was signed: the bytes as they came, or one of the forms that deployed signers write. */
export interface SignedBody {
  bytes: Buffer;
  /** As parseExact read it. */
  value: Record<string, unknown>;
}

/** True where the signature fits the message and a key of the sender. */
export async function isSignedBy(keys: KeyFile, found: FoundSignature, body: SignedBody): Promise<boolean> {
  try {
    return found.kind === 'jws'
      ? await fitsJws(keys, found, body)
      : await fitsFields(keys, found.fields, body);
  } catch (error) {
    if (error instanceof errors.JOSEError) return false;
    throw error;
  }
}

/** What deployed signers sign: orjson with sorted keys, Python's json with sorted keys, the order of the message. */
const FORMS: readonly CanonicalForm[] = [
  { sorted: true, ascii: false },
  { sorted: true, ascii: true },
  { sorted: false, ascii: false },
  { sorted: false, ascii: true },
];

async function fitsJws(
  { key }: KeyFile,
  { head, signature }: Extract<FoundSignature, { kind: 'jws' }>,
  { bytes, value }: SignedBody,
): Promise<boolean> {
  const fits = async (payload: Uint8Array): Promise<boolean> => {
    try {
      const jws = { protected: head, payload: base64url.encode(payload), signature };
      await flattenedVerify(jws, key, { algorithms: ALGORITHMS });
      return true;
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) return false;
      throw error;
    }
  };
  if (await fits(bytes)) return true;
  for (const form of FORMS) if (await fits(Buffer.from(await canonicalJson(value, form)))) return true;
  return false;
}

/** What a call of the Bridge API is read from beside header and message. */
const NOT_COVERED = ['request_header', 'request_body', 'disbursement_batch_control_id'];

/** Three lines, (created), (expires) and digest, signed with Ed25519; the digest is that of header and message. */
async function fitsFields(
  { key }: KeyFile,
  fields: ReadonlyMap<string, string>,
  { value: { header, message, ...rest } }: SignedBody,
): Promise<boolean> {
  if (NOT_COVERED.some((name) => Object.hasOwn(rest, name))) return false;
  const [created, expires] = [fields.get('created') ?? '', fields.get('expires') ?? ''];
  if (!isNow(Number(created), Number(expires))) return false;
  if (fields.get('headers') !== '(created) (expires) digest') return false;
  const kid = fields.get('kidId') ?? fields.get('keyId');
  if (kid === undefined) return false;
  const signature = Buffer.from(fields.get('signature') ?? '', 'base64');
  if (signature.length !== ED25519_BYTES) return false;
  const publicKey = KeyObject.from(await key({ alg: 'EdDSA', kid }));
  for (const form of FORMS) {
    const digest = createHash('sha256').update(await canonicalJson({ header, message }, form));
    const lines = `(created): ${created}\n(expires): ${expires}\ndigest: ${digest.digest('base64')}`;
    if (verify(null, Buffer.from(lines), publicKey, signature)) return true;
  }
  return false;
}

function isNow(created: number, expires: number): boolean {
  const now = Date.now() / 1000;
  if (!Number.isInteger(created) || !Number.isInteger(expires)) return false;
  return created <= now + CLOCK_SKEW_S && now <= expires + CLOCK_SKEW_S;
}

/** Reads a body for its signature. @throws BadJson */
export async function readSigned(bytes: Buffer): Promise<SignedBody | undefined> {
  const value = await parseExactInSlices(bytes);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return { bytes, value: value as Record<string, unknown> };
}

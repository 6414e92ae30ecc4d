import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CompactSign, calculateJwkThumbprint, type JWK } from 'jose';

const RSA_BITS_MIN = 2048;

/** A private key of this installation: what it signs can be checked by anybody who has the public half. */
export class SigningKey {
  private constructor(
    private readonly key: KeyObject,
    readonly publicKey: JWK & { kid: string; alg: string },
  ) {}

  /**
   * @param setting what names the file, for people. @param keyId default: the key's thumbprint (RFC 7638).
   * @throws Error with one sentence where the file holds no private key that can sign.
   */
  static async fromFile(path: string, setting: string, keyId?: string): Promise<SigningKey> {
    let key: KeyObject;
    try {
      key = createPrivateKey(readFileSync(path));
    } catch (cause) {
      throw new Error(`${setting} ${path} cannot be read as a private key (PEM).`, { cause });
    }
    const alg = algorithmOf(key);
    if (alg === undefined)
      throw new Error(`${setting} ${path} is no Ed25519 key, P-256 key or RSA key of ${RSA_BITS_MIN} bits.`);
    const jwk = createPublicKey(key).export({ format: 'jwk' }) as JWK;
    const kid = keyId ?? (await calculateJwkThumbprint(jwk));
    return new SigningKey(key, { ...jwk, kid, alg, use: 'sig' });
  }

  /** A detached JWS over these bytes (RFC 7515, appendix F). */
  async sign(text: string): Promise<string> {
    const { alg, kid } = this.publicKey;
    const jws = await new CompactSign(Buffer.from(text)).setProtectedHeader({ alg, kid }).sign(this.key);
    const [head, , signature] = jws.split('.');
    return `${head}..${signature}`;
  }
}

function algorithmOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails: details,
}: KeyObject): string | undefined {
  if (type === 'ed25519') return 'EdDSA';
  if (type === 'rsa' && (details?.modulusLength ?? 0) >= RSA_BITS_MIN) return 'RS256';
  return type === 'ec' && details?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}

import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { CompactSign, calculateJwkThumbprint, type JWK } from 'jose';

/** The installation's own key: what it signs can be checked by anybody who has the public half. */
export class SigningKey {
  private constructor(
    private readonly key: KeyObject,
    readonly publicKey: JWK,
  ) {}

  /** @throws Error with one sentence where the file holds no private Ed25519 key. */
  static async fromFile(path: string): Promise<SigningKey> {
    let key: KeyObject;
    try {
      key = createPrivateKey(readFileSync(path));
    } catch (cause) {
      throw new Error(`SIGNING_KEY_FILE ${path} cannot be read as a private key (PEM).`, { cause });
    }
    if (key.asymmetricKeyType !== 'ed25519') throw new Error(`SIGNING_KEY_FILE ${path} is no Ed25519 key.`);
    const jwk = createPublicKey(key).export({ format: 'jwk' }) as JWK;
    const kid = await calculateJwkThumbprint(jwk);
    return new SigningKey(key, { ...jwk, kid, alg: 'EdDSA', use: 'sig' });
  }

  /** A detached JWS over these bytes (RFC 7515, appendix F); its key id is the key's thumbprint (RFC 7638). */
  async sign(text: string): Promise<string> {
    const jws = await new CompactSign(Buffer.from(text))
      .setProtectedHeader({ alg: 'EdDSA', kid: this.publicKey.kid! })
      .sign(this.key);
    const [head, , signature] = jws.split('.');
    return `${head}..${signature}`;
  }
}

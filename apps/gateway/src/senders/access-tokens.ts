import { decodeJwt, errors, jwtVerify, type JWTPayload } from 'jose';
import { KeyFile } from './key-file.js';
import type { Sender } from './sender.js';

/** What an access token allows; both spellings of the specification stand for one of these (D21). */
export type Scope = 'disburse.disburse' | 'disburse.status';

/** Where a sender's access tokens come from: an OAuth2 server of its own or of the country. */
export interface OAuthCredential {
  /** `iss` of its tokens. */
  issuer: string;
  /** `aud` that its tokens must name: this installation. */
  audience: string;
  /** `client_id` or `azp` of its tokens: which client of the server this sender is. */
  client_id: string;
  /** The server's public keys (JWK Set, RFC 7517); a path, relative to the senders file. Read again when it changes. */
  jwks_file: string;
}

// No shared secret and no "none": whoever could check such a token could also make one.
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const CLOCK_SKEW_S = 60;

/** Tells whose access token this is (RFC 7519, RFC 9068), and what it allows. */
export class AccessTokens {
  private readonly clients: readonly { sender: Sender; oauth: OAuthCredential; keys: KeyFile }[];

  /**
   * @param folder where relative paths of files begin.
   * @throws Error with one sentence where a file of keys cannot be read.
   */
  constructor(senders: readonly Sender[], folder: string) {
    this.clients = senders.flatMap((sender) => {
      const { oauth2: oauth } = sender.credentials;
      if (oauth === undefined) return [];
      return [{ sender, oauth, keys: KeyFile.of(sender.id, oauth.jwks_file, folder) }];
    });
  }

  /** @returns undefined where the token proves nobody. */
  async check(token: string): Promise<{ sender: Sender; scopes: ReadonlySet<Scope> } | undefined> {
    const client = this.clientOf(token);
    if (client === undefined) return undefined;
    const { issuer, audience } = client.oauth;
    try {
      const { payload } = await jwtVerify(token, client.keys.key, {
        ...{ issuer, audience, algorithms: ALGORITHMS, clockTolerance: CLOCK_SKEW_S },
        requiredClaims: ['exp'],
      });
      return { sender: client.sender, scopes: scopesOf(payload) };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  /** Whose token it says it is; nothing is believed before the signature is checked. */
  private clientOf(token: string): (typeof this.clients)[number] | undefined {
    let claims: JWTPayload;
    try {
      claims = decodeJwt(token);
    } catch {
      // No token of this kind, so nobody's.
      return undefined;
    }
    const id = claims.client_id ?? claims.azp;
    return this.clients.find(({ oauth }) => oauth.issuer === claims.iss && oauth.client_id === id);
  }
}

const SPELLINGS: Readonly<Record<string, Scope>> = {
  'disburse.disburse': 'disburse.disburse',
  'disburse/disburse': 'disburse.disburse',
  'disburse.status': 'disburse.status',
  'disburse/status': 'disburse.status',
};

/** `scope` is one text of names (RFC 8693 4.2); some servers write a list, `scp`. */
function scopesOf({ scope, scp }: JWTPayload): ReadonlySet<Scope> {
  const names = typeof scope === 'string' ? scope.split(' ') : Array.isArray(scp) ? (scp as unknown[]) : [];
  return new Set(
    names.flatMap((name) => {
      const known = typeof name === 'string' && Object.hasOwn(SPELLINGS, name) ? SPELLINGS[name] : undefined;
      return known === undefined ? [] : [known];
    }),
  );
}

import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Logger } from '@nestjs/common';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  jwtVerify,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
} from 'jose';
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
const LOOK_AGAIN_MS = 1000;

/** Tells whose access token this is (RFC 7519, RFC 9068), and what it allows. */
export class AccessTokens {
  private readonly keyFiles = new Map<string, KeyFile>();
  private readonly clients: readonly { sender: Sender; oauth: OAuthCredential }[];

  /** @throws Error with one sentence where a file of keys cannot be read. */
  constructor(
    senders: readonly Sender[],
    private readonly folder: string,
  ) {
    this.clients = senders.flatMap((sender) => {
      const { oauth2: oauth } = sender.credentials;
      return oauth === undefined ? [] : [{ sender, oauth }];
    });
    for (const { sender, oauth } of this.clients) this.addKeys(sender.id, oauth.jwks_file);
  }

  /** @returns undefined where the token proves nobody. */
  async check(token: string): Promise<{ sender: Sender; scopes: ReadonlySet<Scope> } | undefined> {
    const client = this.clientOf(token);
    if (client === undefined) return undefined;
    const { issuer, audience, jwks_file: file } = client.oauth;
    try {
      const { payload } = await jwtVerify(token, this.keyFiles.get(file)!.key, {
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
  private clientOf(token: string): { sender: Sender; oauth: OAuthCredential } | undefined {
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

  private addKeys(senderId: string, file: string): void {
    if (this.keyFiles.has(file)) return;
    try {
      this.keyFiles.set(file, new KeyFile(isAbsolute(file) ? file : join(this.folder, file)));
    } catch (cause) {
      throw new Error(
        `The jwks_file of the sender "${senderId}" cannot be read; it must be a JWK Set of public keys.`,
        { cause },
      );
    }
  }
}

/** Public keys that may change while the process runs. */
class KeyFile {
  private keys: JWTVerifyGetKey;
  private changedAt: number;
  private lookedAt = performance.now();
  private readonly log = new Logger('access tokens');

  constructor(private readonly path: string) {
    this.changedAt = statSync(path).mtimeMs;
    this.keys = this.read();
  }

  /** The key that a token names, by the file as it stands: a key that was withdrawn is refused within a second. */
  readonly key: JWTVerifyGetKey = (header, token) => {
    this.refresh();
    return this.keys(header, token);
  };

  /** Looks at most once a second. A file that is gone or half written leaves the keys as they were until the next look. */
  private refresh(): void {
    if (performance.now() < this.lookedAt + LOOK_AGAIN_MS) return;
    this.lookedAt = performance.now();
    try {
      const changedAt = statSync(this.path).mtimeMs;
      if (changedAt === this.changedAt) return;
      this.keys = this.read();
      this.changedAt = changedAt;
    } catch (error) {
      this.log.warn(`${this.path} cannot be read, so the keys stay as they were: ${String(error)}`);
    }
  }

  private read(): JWTVerifyGetKey {
    const set = JSON.parse(readFileSync(this.path, 'utf8')) as JSONWebKeySet;
    if (set.keys.length === 0 || set.keys.some(({ kty, d }) => kty === 'oct' || d !== undefined))
      throw new Error('A set of public keys is needed.');
    return createLocalJWKSet(set);
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

import { randomBytes } from 'node:crypto';

const SWEEP_ABOVE = 1_000;

/** Access tokens of the OAuth2 client-credentials grant (RFC 6749, 4.4). In memory: a restart voids them all. */
export class TokenStore {
  private readonly expiry = new Map<string, number>();

  constructor(
    private readonly clientId: string,
    private readonly clientSecret: string,
    private readonly lifeSeconds: number,
  ) {}

  /** A new token for the right HTTP Basic credentials, else undefined. */
  issue(
    authorization: string | undefined,
  ): { access_token: string; token_type: 'Bearer'; expires_in: number } | undefined {
    const expected = Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64');
    if (authorization !== `Basic ${expected}`) return undefined;
    if (this.expiry.size > SWEEP_ABOVE) this.sweep();
    const token = randomBytes(24).toString('base64url');
    this.expiry.set(token, Date.now() + this.lifeSeconds * 1000);
    return { access_token: token, token_type: 'Bearer', expires_in: this.lifeSeconds };
  }

  accepts(authorization: string | undefined): boolean {
    if (authorization?.startsWith('Bearer ') !== true) return false;
    return (this.expiry.get(authorization.slice(7)) ?? 0) > Date.now();
  }

  private sweep(): void {
    for (const [token, at] of this.expiry) if (at <= Date.now()) this.expiry.delete(token);
  }
}

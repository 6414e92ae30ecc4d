import { readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Logger } from '@nestjs/common';
import { createLocalJWKSet, type JSONWebKeySet } from 'jose';

type KeySet = ReturnType<typeof createLocalJWKSet>;

const LOOK_AGAIN_MS = 1000;

/** Public keys of a sender or its OAuth2 server (JWK Set, RFC 7517) in a file that may change while the process runs. */
export class KeyFile {
  private keys: KeySet;
  private changedAt: number;
  private lookedAt = performance.now();
  private readonly log = new Logger('keys');

  private constructor(private readonly path: string) {
    this.changedAt = statSync(path).mtimeMs;
    this.keys = this.read();
  }

  /** @throws Error with one sentence where the file cannot be read. */
  static of(senderId: string, file: string, folder: string): KeyFile {
    try {
      return new KeyFile(isAbsolute(file) ? file : join(folder, file));
    } catch (cause) {
      throw new Error(
        `The jwks_file of the sender "${senderId}" cannot be read; it must be a JWK Set of public keys.`,
        { cause },
      );
    }
  }

  /** The key that a signature names, by the file as it stands: a key that was withdrawn is refused within a second. */
  readonly key: KeySet = Object.assign(
    (...asked: Parameters<KeySet>) => {
      this.refresh();
      return this.keys(...asked);
    },
    { jwks: () => this.keys.jwks() },
  );

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

  private read(): KeySet {
    const set = JSON.parse(readFileSync(this.path, 'utf8')) as JSONWebKeySet;
    if (set.keys.length === 0 || set.keys.some(({ kty, d }) => kty === 'oct' || d !== undefined))
      throw new Error('A set of public keys is needed.');
    return createLocalJWKSet(set);
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { dirname, resolve } from 'node:path';
import { Injectable } from '@nestjs/common';
import { PROFILES } from '@gpo/g2p-connect-schemas';
import { checkBridge } from '../bridge/bridge.setting.js';
import { checkMapper } from '../mapper/mapper.setting.js';
import { AccessTokens } from './access-tokens.js';
import { KeyFile } from './key-file.js';
import { mayPayFrom, type Auditor, type Operator, type Principal, type Sender } from './sender.js';

const WINDOW_DAYS_MAX = 400;

interface SendersFile {
  senders: Sender[];
  auditors: Auditor[];
  /** Absent = nobody may release or cancel. */
  operators?: Operator[];
}

/** The senders file, and the one place that turns credentials into a principal. */
@Injectable()
export class SenderRegistry {
  private readonly byId = new Map<string, Sender>();
  private readonly tokens: AccessTokens;
  private readonly signing = new Map<string, KeyFile>();

  /** @param folder where relative paths of the file begin. */
  constructor(
    private readonly file: SendersFile,
    private readonly folder = '.',
  ) {
    for (const sender of file.senders) {
      checkSender(sender);
      if (this.byId.has(sender.id))
        throw new Error(`The senders file names the sender "${sender.id}" twice.`);
      this.byId.set(sender.id, sender);
      const { integrity } = sender;
      if (integrity !== undefined)
        this.signing.set(sender.id, KeyFile.of(sender.id, integrity.jwks_file, folder));
    }
    this.tokens = new AccessTokens(file.senders, folder);
  }

  /** @throws Error with one sentence when the file cannot be read or a sender is incomplete. */
  static fromFile(path: string): SenderRegistry {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      throw new Error(`The senders file ${path} cannot be read; set SENDERS_FILE.`, { cause });
    }
    return new SenderRegistry(JSON.parse(text) as SendersFile, dirname(path));
  }

  /**
   * Callbacks carry names and accounts: outside development they go out over TLS only.
   * @throws Error that names the first sender whose address is not https.
   */
  requireHttpsCallbacks(): void {
    for (const { id, callback_url, callback_urls = {} } of this.file.senders) {
      const addresses = [callback_url, ...Object.values(callback_urls)];
      if (addresses.some((address) => address !== undefined && !address.startsWith('https://')))
        throw new Error(
          `The sender "${id}" has a callback address that is not https: callbacks hold personal data.`,
        );
    }
  }

  /** Where a file is that the senders file names. */
  pathOf(file: string): string {
    return resolve(this.folder, file);
  }

  get(id: string): Sender | undefined {
    return this.byId.get(id);
  }

  /** The keys with which this sender signs its messages; undefined where signatures are not looked at. */
  signingKeysOf({ id }: Sender): KeyFile | undefined {
    return this.signing.get(id);
  }

  /** Every sender, in the order of the file. */
  get all(): readonly Sender[] {
    return this.file.senders;
  }

  /** True where any sender may write requests to Kafka, so that g2p.request must be read. */
  get hasDirectSenders(): boolean {
    return this.file.senders.some(({ kafka_direct }) => kafka_direct);
  }

  /** True where any sender names payees by ids that a mapper resolves. */
  get hasMappers(): boolean {
    return this.file.senders.some(({ mapper }) => mapper !== undefined);
  }

  /** True where a sender's lines are compared with those of every sender, so that all of them must take turns. */
  get comparesAllPayees(): boolean {
    return this.file.senders.some(({ duplicate_payee }) => duplicate_payee?.scope === 'all');
  }

  /** The principal that these request headers prove, or undefined. */
  async authenticate(headers: IncomingHttpHeaders): Promise<Principal | undefined> {
    const apiKey = headers['x-api-key'];
    if (typeof apiKey === 'string')
      return this.senderBy(({ credentials }) => matches(apiKey, credentials.api_key_sha256));
    const [scheme, value] = (headers.authorization ?? '').split(' ', 2);
    if (value === undefined) return undefined;
    if (scheme?.toLowerCase() === 'bearer') {
      const auditor = this.file.auditors.find(({ token_sha256 }) => matches(value, token_sha256));
      if (auditor !== undefined) return { kind: 'auditor', id: auditor.id };
      const operator = this.file.operators?.find(({ token_sha256 }) => matches(value, token_sha256));
      if (operator !== undefined) return { kind: 'operator', id: operator.id };
      const holder = await this.tokens.check(value);
      return holder && { kind: 'sender', ...holder };
    }
    if (scheme?.toLowerCase() !== 'basic') return undefined;
    const text = Buffer.from(value, 'base64').toString('utf8');
    const colon = text.indexOf(':');
    if (colon < 0) return undefined;
    return this.senderBy(
      ({ credentials: { basic } }) =>
        basic !== undefined &&
        basic.user === text.slice(0, colon) &&
        matches(text.slice(colon + 1), basic.password_sha256),
    );
  }

  private senderBy(test: (sender: Sender) => boolean): Principal | undefined {
    const sender = this.file.senders.find(test);
    return sender && { kind: 'sender', sender };
  }
}

function matches(secret: string, sha256: string | undefined): boolean {
  if (sha256 === undefined) return false;
  const expected = Buffer.from(sha256, 'hex');
  const actual = createHash('sha256').update(secret).digest();
  return expected.length === actual.length && timingSafeEqual(actual, expected);
}

const LIMITS: readonly string[] = ['body_bytes', 'lines', 'file_bytes', 'file_rows'];

function checkLimits({ id, limits = {} }: Sender): void {
  for (const [name, value] of Object.entries(limits)) {
    if (!LIMITS.includes(name) || !Number.isInteger(value) || value < 1)
      throw new Error(
        `The sender "${id}" has limits that are not read: each of ${LIMITS.join(', ')} is a whole number of at least 1.`,
      );
  }
}

function checkSender(sender: Sender): void {
  checkLimits(sender);
  if (!Object.hasOwn(PROFILES, sender.profile))
    throw new Error(`The sender "${sender.id}" has the unknown profile "${sender.profile}".`);
  for (const url of [sender.callback_url, ...Object.values(sender.callback_urls ?? {})]) {
    if (url !== undefined && !URL.canParse(url))
      throw new Error(`The sender "${sender.id}" has a callback address that is no URL.`);
  }
  if (sender.status_shape !== undefined && !['list', 'spec'].includes(sender.status_shape))
    throw new Error(`The sender "${sender.id}" needs status_shape "list" or "spec".`);
  if (sender.callback_mode !== undefined && !['progress', 'final'].includes(sender.callback_mode))
    throw new Error(`The sender "${sender.id}" needs callback_mode "progress" or "final".`);
  for (const field of [
    'id',
    'profile',
    'credentials',
    'callback_hosts',
    'payer_accounts',
    'default_payer_fa',
  ] as const) {
    if (!(field in sender)) throw new Error(`The sender "${sender.id}" in the senders file has no ${field}.`);
  }
  if (!mayPayFrom(sender, sender.default_payer_fa)) {
    throw new Error(`The sender "${sender.id}" may not pay from its own default_payer_fa.`);
  }
  checkQuota(sender);
  checkOAuth(sender);
  checkIntegrity(sender);
  checkMapper(sender);
  checkBridge(sender.id, sender, (payerFa) => mayPayFrom(sender, payerFa));
  const { duplicate_payee: window } = sender;
  if (window === undefined) return;
  const { window_days: days, scope } = window;
  if (!(Number.isFinite(days) && days > 0 && days <= WINDOW_DAYS_MAX) || !['sender', 'all'].includes(scope)) {
    throw new Error(
      `The sender "${sender.id}" needs duplicate_payee with window_days above 0 and up to ${WINDOW_DAYS_MAX}, and scope "sender" or "all".`,
    );
  }
}

function checkQuota({ id, profile, quota }: Sender): void {
  if (quota === undefined) return;
  const { lines_per_minute: lines, requests_at_once: requests } = quota;
  const wrong = [lines, requests ?? 1].some(
    (value) => !Number.isInteger(value) || value < 1 || value > 2 ** 31 - 1,
  );
  if (wrong || (requests !== undefined && profile !== 'strict')) {
    throw new Error(
      `The sender "${id}" needs quota with lines_per_minute, and for profile strict requests_at_once, as whole numbers above 0.`,
    );
  }
}

const OAUTH_FIELDS = ['issuer', 'audience', 'client_id', 'jwks_file'] as const;

function checkOAuth({ id, credentials: { oauth2 } }: Sender): void {
  if (oauth2 === undefined) return;
  const missing = OAUTH_FIELDS.find((field) => typeof oauth2[field] !== 'string' || oauth2[field] === '');
  if (missing !== undefined) throw new Error(`The sender "${id}" has oauth2 credentials without ${missing}.`);
}

function checkIntegrity({ id, integrity }: Sender): void {
  if (integrity === undefined) return;
  if (!['require', 'verify-if-present'].includes(integrity.mode) || typeof integrity.jwks_file !== 'string')
    throw new Error(
      `The sender "${id}" needs integrity with mode "require" or "verify-if-present", and jwks_file.`,
    );
}

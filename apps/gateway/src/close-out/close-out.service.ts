import { Injectable, type OnModuleInit } from '@nestjs/common';
import type { JWK } from 'jose';
import { DataSource } from 'typeorm';
import { closeBatch, reopenBatch, type CloseOutEvent, type Closing } from '@gpo/reconciliation';
import { ApiError } from '../api-error.js';
import { GatewayConfig } from '../gateway.config.js';
import { SigningKey } from '../signing/signing-key.js';

/** Closes batches under the installation's key, and opens them again. */
@Injectable()
export class CloseOutService implements OnModuleInit {
  private key: SigningKey | undefined;

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    const { signingKeyFile } = this.config;
    if (signingKeyFile === '') return;
    this.key = await SigningKey.fromFile(signingKeyFile, 'SIGNING_KEY_FILE');
    if (this.key.publicKey.alg !== 'EdDSA')
      throw new Error(`SIGNING_KEY_FILE ${signingKeyFile} is no Ed25519 key.`);
  }

  /** Public keys with which signatures are checked (JWKS, RFC 7517). */
  keys(): JWK[] {
    return this.key === undefined ? [] : [this.key.publicKey];
  }

  /** A detached JWS over this text; undefined where the installation has no key. */
  async sign(text: string): Promise<string | undefined> {
    return this.key?.sign(text);
  }

  /** @throws ApiError where the batch cannot be closed, with what stands in the way. */
  async close(closing: Closing): Promise<CloseOutEvent> {
    const { key } = this;
    if (key === undefined)
      throw new ApiError('err.batch.not_closable', 'No SIGNING_KEY_FILE is set: a close-out must be signed.');
    const closed = await closeBatch(this.dataSource, closing, (document) => key.sign(document));
    if (closed === undefined) throw notFound();
    if (closed.done) return closed.event;
    const { openLines, openAttempts, openBreaks, unmatched } = closed.obstacles;
    const parts = [
      [openLines, 'lines are not final'],
      [openAttempts, 'attempts have no end'],
      [openBreaks, 'breaks are open'],
      [unmatched, 'payments were told by no statement: import it, or give accept_unmatched a reason'],
    ] as const;
    const what = parts.filter(([count]) => count > 0).map(([count, text]) => `${count} ${text}`);
    throw new ApiError('err.batch.not_closable', `Not closed: ${what.join('; ')}.`);
  }

  /** @throws ApiError where the batch is not closed. */
  async reopen(closing: Closing): Promise<CloseOutEvent> {
    const event = await reopenBatch(this.dataSource, closing);
    if (event === undefined) throw new ApiError('err.request.not_found', 'There is no such closed batch.');
    return event;
  }
}

function notFound(): ApiError {
  return new ApiError('err.request.not_found', 'There is no such batch.');
}

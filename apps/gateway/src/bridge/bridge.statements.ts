import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import { importStatements, statementId } from '@gpo/reconciliation';
import { readStatements } from '@gpo/statements';
import { UnreadableFile } from '@gpo/xml';
import type { Sender } from '../senders/sender.js';
import { BridgeRefusal } from './bridge.codes.js';

const FILE_BYTES_MAX = 67_108_864;

/** Statements that a sender uploads, for the lane that its settings name. */
@Injectable()
export class BridgeStatements {
  constructor(private readonly dataSource: DataSource) {}

  /** @returns the id of the first statement of the file. @throws BridgeRefusal where it may not, or the file is none. */
  async upload(sender: Sender, request: FastifyRequest): Promise<string> {
    const lane = sender.bridge?.statement_lane;
    if (lane === undefined || !request.isMultipart()) throw new BridgeRefusal('STATEMENT_UPLOAD_ERROR');
    const part = await request.file({ limits: { fileSize: FILE_BYTES_MAX, files: 1 } });
    if (part === undefined) throw new BridgeRefusal('STATEMENT_UPLOAD_ERROR');
    const bytes = await part.toBuffer();
    try {
      const file = await readStatements(bytes);
      const source = { lane, fileName: part.filename || 'statement', bytes, actor: sender.id };
      await importStatements(this.dataSource, file, source);
      const [first] = file.statements;
      const digest = createHash('sha256').update(bytes).digest('hex');
      return statementId(lane, digest, first!.account, first!.id, 0);
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      throw new BridgeRefusal('STATEMENT_UPLOAD_ERROR');
    }
  }
}

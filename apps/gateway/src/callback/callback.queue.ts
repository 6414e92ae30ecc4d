import { Injectable } from '@nestjs/common';
import type { Sql } from '@gpo/persistence';
import type { Change } from '../outcome/decision.js';

/** Newly final lines that a sender is still to be told. Rows are added in the transaction of the state change. */
@Injectable()
export class CallbackQueue {
  private readonly listeners: (() => void)[] = [];

  async add(sql: Sql, changes: readonly Change[]): Promise<void> {
    await sql.query(
      `INSERT INTO callback_item (batch_id, disbursement_id, state)
       SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[])`,
      [
        changes.map(({ standing }) => standing.batchId),
        changes.map(({ standing }) => standing.disbursementId),
        changes.map(({ to }) => to),
      ],
    );
  }

  /** Lines refused at intake are final at once. */
  async addRefused(sql: Sql, batchId: string, lineNos: readonly number[]): Promise<void> {
    await sql.query(
      `INSERT INTO callback_item (batch_id, line_no, state)
       SELECT $1, line_no, 'malformed' FROM unnest($2::int[]) AS u(line_no)`,
      [batchId, lineNos],
    );
  }

  onWake(listener: () => void): void {
    this.listeners.push(listener);
  }

  wake(): void {
    for (const listener of this.listeners) listener();
  }
}

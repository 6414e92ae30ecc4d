import type { Sql } from '@gpo/persistence';
import type { PayeeHandles } from '../connector.js';

/** The rail's own handles of payees of one lane. */
export class PayeeHandleRepository implements PayeeHandles {
  constructor(
    private readonly sql: Sql,
    private readonly lane: string,
  ) {}

  async find(keys: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const rows = await this.sql.query<{ payee_key: string; handle: string }[]>(
      'SELECT payee_key, handle FROM payee_handle WHERE lane = $1 AND payee_key = ANY($2)',
      [this.lane, keys],
    );
    return new Map(rows.map(({ payee_key, handle }) => [payee_key, handle]));
  }

  async keep(key: string, handle: string): Promise<string> {
    await this.sql.query(
      'INSERT INTO payee_handle (lane, payee_key, handle) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING',
      [this.lane, key, handle],
    );
    return (await this.find([key])).get(key) ?? handle;
  }

  /** Only the handle that was found wanting: another process may have kept a new one meanwhile. */
  async forget(key: string, handle: string): Promise<void> {
    await this.sql.query('DELETE FROM payee_handle WHERE lane = $1 AND payee_key = $2 AND handle = $3', [
      this.lane,
      key,
      handle,
    ]);
  }
}

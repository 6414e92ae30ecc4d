import { randomUUID } from 'node:crypto';
import type { InRecord } from '@gpo/messaging';
import type { Sql } from '@gpo/persistence';

const HEADER = 'gpo-stored';
const ID_LENGTH = 36;

/**
 * Tells intake that a record was published from a row of this installation, so that it need not look. It holds the
 * installation's id: a header that a direct producer made up, or that came with records mirrored from elsewhere, hides
 * nothing. It is no secret and no proof: connect pays from rows only, and what hides itself on purpose has no row.
 */
export class StoredMark {
  /** The headers of every record that is published from a row to g2p.request. */
  readonly headers: Record<string, string>;

  constructor(private readonly installationId: string) {
    this.headers = { [HEADER]: installationId };
  }

  /** The id of the installation that this database belongs to; made at the first start. */
  static async load(sql: Sql): Promise<StoredMark> {
    await sql.query('INSERT INTO installation (installation_id) VALUES ($1) ON CONFLICT DO NOTHING', [
      randomUUID(),
    ]);
    const [row] = await sql.query<{ installation_id: string }[]>('SELECT installation_id FROM installation');
    return new StoredMark(row!.installation_id);
  }

  /**
   * True where intake may pass the record over. The value must name its key as its disbursement_id, as dispatch
   * prints it: a tool that copies records with their headers and changes the ids would hide new requests otherwise.
   */
  isOn({ headers, key, value }: InRecord): boolean {
    if (headers[HEADER] !== this.installationId || key?.length !== ID_LENGTH) return false;
    return value?.includes(`"disbursement_id":"${key}"`) === true;
  }
}

import { createHash } from 'node:crypto';
import type { Sql } from '@gpo/persistence';
import { BridgeRefusal } from './bridge.codes.js';
import { digestLine, nameOf } from './bridge.intake.js';
import type { BridgeLine } from './bridge.lines.js';
import type { BridgeCall } from './bridge.message.js';
import type { BridgeNames } from './bridge.names.js';

/** A call that creates disbursements, as it is known when it comes again after a lost answer (interface-a.md 2.5). */
export interface NamedCall {
  id: string;
  digest: Buffer;
  /** In an order that does not depend on how they were sent. */
  lines: readonly BridgeLine[];
}

/**
 * Since version 1.1 the client names its calls. In 1.0 each line may name itself; a call in which one does not is known by all that it holds: to
 * pay the same people the same once more, in one envelope, a client must name the payments.
 * @returns undefined where every line names itself.
 */
export function nameCall(
  { controlId }: BridgeCall,
  { ofClient }: BridgeNames,
  envelopeId: string,
  lines: readonly BridgeLine[],
): NamedCall | undefined {
  const isNamed = ofClient ? controlId === undefined : lines.every((line) => nameOf(line) !== undefined);
  if (isNamed) return undefined;
  const words = new Map(lines.map((line) => [line, wordsOf(line, ofClient)]));
  const sorted = [...lines].sort((a, b) => (words.get(a)! < words.get(b)! ? -1 : 1));
  const digest = createHash('sha256').update(envelopeId);
  for (const line of sorted) digest.update(words.get(line)!);
  const own = digest.digest();
  return { id: ofClient ? controlId! : `content ${own.toString('hex')}`, digest: own, lines: sorted };
}

function wordsOf(line: BridgeLine, ofClient: boolean): string {
  const { beneficiaryName, narrative } = line;
  const more = ofClient ? [] : [beneficiaryName, narrative];
  return JSON.stringify([nameOf(line) ?? '', digestLine(line).toString('hex'), ...more]);
}

/**
 * @returns the ids of a known call's disbursements, in the order of its lines; undefined where it is new.
 * @throws BridgeRefusal where this name had other content: they may be the same people under new ids.
 */
export async function findCall(sql: Sql, senderId: string, call: NamedCall): Promise<string[] | undefined> {
  const [known] = await sql.query<{ bridge_ids: string[]; same: boolean }[]>(
    'SELECT bridge_ids, digest = $3 AS same FROM bridge_control WHERE sender_id = $1 AND control_id = $2',
    [senderId, call.id, call.digest],
  );
  if (known?.same === false) throw new BridgeRefusal('INVALID_DISBURSEMENT_PAYLOAD');
  return known?.bridge_ids;
}

/** @returns false where another process took the name. */
export async function storeCall(
  sql: Sql,
  senderId: string,
  envelopeId: string,
  { id, digest, lines }: NamedCall,
  made: ReadonlyMap<BridgeLine, string>,
): Promise<boolean> {
  const rows = await sql.query<unknown[]>(
    `INSERT INTO bridge_control (sender_id, control_id, envelope_id, digest, bridge_ids) VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT DO NOTHING RETURNING 1`,
    [senderId, id, envelopeId, digest, lines.map((line) => made.get(line)!)],
  );
  return rows.length > 0;
}

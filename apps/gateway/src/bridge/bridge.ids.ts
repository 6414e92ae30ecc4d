/** The transaction of an envelope's batch; no other interface makes such a one by accident. */
export function transactionOf(envelopeId: string): string {
  return `bridge-${envelopeId}`;
}

/**
 * Ids as the original makes them: digits of the time, 13 to 16 of them, because a statement's reference (MT940 :61:) has no room for more. No
 * two of one process are the same; what another process took is found by the table's key.
 */
export class BridgeIds {
  private last = 0;

  /** Microseconds since 1970. */
  disbursements(count: number, now = Date.now()): string[] {
    const first = Math.max(this.last + 1, now * 1000);
    this.last = first + count - 1;
    return Array.from({ length: count }, (_, nth) => String(first + nth));
  }

  envelope(): string {
    return this.disbursements(1)[0]!;
  }
}

import { sha256Hex, uuidOfHash } from '@gpo/g2p-connect-schemas';
import type { Booking } from '@gpo/statements';

function uuidOf(parts: readonly (string | number | boolean)[]): string {
  return uuidOfHash(sha256Hex(JSON.stringify(parts)));
}

/** One id for one statement of one file, however often that file is imported. */
export function statementId(
  lane: string,
  fileDigest: string,
  account: string,
  name: string,
  nth: number,
): string {
  return uuidOf([lane, fileDigest, account, name, nth]);
}

/**
 * Ids of the bookings of one statement: the same booking told again, in the same file, in a notification and then in
 * the statement of the day, has the same id. All that is known of them tells them apart, and those of one statement that are alike are
 * counted: a booking is rather kept twice, which shows as a break, than lost.
 */
export class BookingIds {
  private readonly alike = new Map<string, number>();

  constructor(
    private readonly lane: string,
    private readonly account: string,
  ) {}

  next({ direction, reversal, currency, reference, endToEndId, bookedOn }: Booking, minor: bigint): string {
    const named = [reference ?? '', endToEndId ?? '', bookedOn ?? ''];
    const parts = [this.lane, this.account, ...named, direction, reversal, minor.toString(), currency];
    const key = JSON.stringify(parts);
    const nth = this.alike.get(key) ?? 0;
    this.alike.set(key, nth + 1);
    return uuidOf([...parts, nth]);
  }
}

const RAIL_ID = /^([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$/i;

/** The rail id that an EndToEndId or a list's reference of ours is, with or without dashes; undefined for anything else. */
export function railIdOf(reference: string | undefined): string | undefined {
  const parts = RAIL_ID.exec(reference ?? '')?.slice(1);
  return parts?.join('-').toLowerCase();
}

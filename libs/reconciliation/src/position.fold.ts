/** What moved in one currency of one account on one day. Minor units. */
export interface DayMovement {
  lane: string;
  account: string;
  currency_code: string;
  day: string;
  /** Payments of ours, as the record has them. */
  paid: bigint;
  returned: bigint;
  /** Bookings that are of no payment of ours. */
  other_debits: bigint;
  other_credits: bigint;
  /** Payments that went out, less those that ended. */
  in_flight: bigint;
  /** Everything that the bank booked, credits less debits. */
  booked: bigint;
}

/** A balance that a statement tells: that at the end of a day. */
export interface Anchor {
  lane: string;
  account: string;
  currency_code: string;
  day: string;
  balance: bigint;
  /** `closing` is compared; an `opening` only begins. */
  kind: 'opening' | 'closing';
}

/**
 * One day of an account. `opening`: what the last statement before it closed with, and what moved since; NULL where no statement was before.
 * `closing` = opening - paid + returned - other_debits + other_credits. `bank`: the closing balance of the day's statement. `difference` =
 * bank - closing: breaks, and payments that the bank has not booked yet. `gap`: what the statement's own bookings leave open between its
 * balances, so that it is not whole. `in_flight`: sent, and not ended, at the end of the day (UTC).
 */
export interface Position extends Omit<DayMovement, 'booked'> {
  opening: bigint | null;
  closing: bigint | null;
  bank: bigint | null;
  difference: bigint | null;
  gap: bigint | null;
}

/** Stands for the days before the first one that is told: what was on its way then. */
export const BEFORE = '';

const DAY_MS = 86_400_000;
const dayAfter = (day: string): string => new Date(Date.parse(day) + DAY_MS).toISOString().slice(0, 10);

const keyOf = ({
  lane,
  account,
  currency_code: currency,
}: Omit<Anchor, 'day' | 'balance' | 'kind'>): string => JSON.stringify([lane, account, currency]);

/** @param movements each at most once a day, from the first day that matters. @param days the first and the last day to tell. */
export function foldPositions(
  movements: readonly DayMovement[],
  anchors: readonly Anchor[],
  days: { begin: string; from: string; to: string },
): Position[] {
  const accounts = new Map<string, { moved: Map<string, DayMovement>; told: Anchor[] }>();
  const of = (key: string): { moved: Map<string, DayMovement>; told: Anchor[] } => {
    const found = accounts.get(key) ?? { moved: new Map<string, DayMovement>(), told: [] };
    accounts.set(key, found);
    return found;
  };
  for (const movement of movements) of(keyOf(movement)).moved.set(movement.day, movement);
  for (const anchor of anchors) of(keyOf(anchor)).told.push(anchor);
  return [...accounts.keys()].toSorted().flatMap((key) => foldAccount(key, of(key), days));
}

function foldAccount(
  key: string,
  { moved, told: anchors }: { moved: ReadonlyMap<string, DayMovement>; told: readonly Anchor[] },
  { begin, from, to }: { begin: string; from: string; to: string },
): Position[] {
  const [lane, account, currency_code] = JSON.parse(key) as [string, string, string];
  const balances = (kind: Anchor['kind']): Map<string, bigint> =>
    new Map(anchors.filter((anchor) => anchor.kind === kind).map(({ day, balance }) => [day, balance]));
  const [openings, closings] = [balances('opening'), balances('closing')];
  const before = anchors.filter(({ day }) => day < begin).toSorted((a, b) => (a.day < b.day ? -1 : 1));
  let opening = before.at(-1)?.balance ?? null;
  let flying = moved.get(BEFORE)?.in_flight ?? 0n;
  let booked = opening;
  const positions: Position[] = [];
  for (let day = begin; day <= to; day = dayAfter(day)) {
    const one = moved.get(day);
    const { paid = 0n, returned = 0n, other_debits = 0n, other_credits = 0n } = one ?? {};
    flying += one?.in_flight ?? 0n;
    if (booked !== null) booked += one?.booked ?? 0n;
    const closing = opening === null ? null : opening - paid + returned - other_debits + other_credits;
    const bank = closings.get(day) ?? null;
    const difference = bank === null || closing === null ? null : bank - closing;
    if (day >= from)
      positions.push({
        ...{ lane, account, currency_code, day, opening, paid, returned, other_debits, other_credits },
        ...{ closing, bank, difference, gap: bank === null || booked === null ? null : bank - booked },
        in_flight: flying,
      });
    const told = bank ?? openings.get(day);
    opening = told ?? closing;
    booked = told ?? booked;
  }
  return positions;
}

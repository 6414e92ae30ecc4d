const FIRST_DAY = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;
const OPENING = 10_000_000;

interface OutsideBooking {
  side: 'debit' | 'credit';
  minor: number;
  currency: string;
  id: string | null;
  reference: number;
}

export interface OutsideStatement {
  form: 'camt053' | 'mt940';
  account: string;
  currency: string;
  day: string;
  number: number;
  opening: number;
  closing: number;
  bookings: OutsideBooking[];
}

/** The books of a bank with accounts in KES, each with a statement a day, to be written by somebody else's library. */
export class OutsideBank {
  /** Long enough that every payment of the first days has been waited for. */
  readonly days = 18;
  bookings = 0;
  private readonly booked = new Map<string, OutsideBooking[]>();

  constructor(private readonly accounts: readonly { account: string; form: OutsideStatement['form'] }[]) {}

  text(day: number): string {
    return new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10);
  }

  book(
    account: string,
    day: number,
    side: OutsideBooking['side'],
    minor: number,
    { id, currency = 'KES' }: { id?: string; currency?: string } = {},
  ): void {
    this.bookings += 1;
    const booking = { side, minor, currency, id: id?.replaceAll('-', '') ?? null, reference: this.bookings };
    const key = `${account} ${this.text(day)}`;
    this.booked.set(key, [...(this.booked.get(key) ?? []), booking]);
  }

  closing(account: string, day: string): bigint {
    const found = this.statements().find((one) => one.account === account && one.day === day);
    return BigInt(found!.closing);
  }

  statements(): OutsideStatement[] {
    return this.accounts.flatMap(({ account, form }) => {
      let opening = OPENING;
      return Array.from({ length: this.days }, (_, nth) => {
        const day = this.text(nth);
        const bookings = this.booked.get(`${account} ${day}`) ?? [];
        const moved = bookings
          .filter(({ currency }) => currency === 'KES')
          .reduce((sum, { side, minor }) => sum + (side === 'debit' ? -minor : minor), 0);
        const statement = {
          form,
          account,
          currency: 'KES',
          day,
          number: nth + 1,
          opening,
          closing: opening + moved,
          bookings,
        };
        opening = statement.closing;
        return statement;
      });
    });
  }
}

/** What a bank or another rail says happened on one account. Amounts are decimal text as it was written, days are `YYYY-MM-DD`. */
export interface Statement {
  /** The rail's own name of it (camt Stmt/Id, MT940 :20: and :28C:); empty where it gives none. */
  id: string;
  /** IBAN or another number, without spaces; empty where the form names none. */
  account: string;
  /** A statement tells every booking of its time; a notification (camt.054, a list) only some. */
  whole: boolean;
  opening?: Balance;
  closing?: Balance;
  bookings: Booking[];
}

export interface Balance {
  /** Negative where the account is overdrawn. */
  amount: string;
  currency: string;
  on?: string;
}

/** One movement of money; a booking of many lines that names each of them is as many of these. */
export interface Booking {
  /** debit: money left the account. */
  direction: 'debit' | 'credit';
  /** False for one that is only announced. */
  booked: boolean;
  /** It takes back an earlier booking. */
  reversal: boolean;
  /** Without a sign. */
  amount: string;
  currency: string;
  /** What moved on the account, where a bank tells the amount as instructed and another one: in another currency, or with a fee. */
  moved?: { amount: string; currency: string };
  bookedOn?: string;
  valueOn?: string;
  /** The rail's own reference of the booking. */
  reference?: string;
  /** What the payer gave the payment: EndToEndId, or what a list calls our reference. */
  endToEndId?: string;
  /** Reason of a return. */
  code?: string;
  text?: string;
  /** One booking for a whole group of payments, which it does not name. */
  group?: { messageId?: string; paymentInformationId?: string; lines?: number };
}

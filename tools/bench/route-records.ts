import { disbursementId } from '@gpo/g2p-connect-schemas';
import { Random } from '../sample/random.js';

export interface BenchRecord {
  key: string;
  value: string;
}

const SENDER = 'openg2p';
const NAMES = ['Wanjikũ', 'Zoë', 'Amina Yusuf', 'x', 'O’Brien', '王小明'];
const SANE_SHARE = 0.85;

interface Payee {
  scheme: string;
  id: string;
  provider: string;
  currency: string;
}

/**
 * Requests in the shape of those recorded on a real Nussknacker: every lane, and about one in seven that is refused
 * (no lane, amount over the limit or unreadable, a currency that is not paid, a violation found by the gateway).
 */
export function requestRecords(count: number, seed: number): BenchRecord[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const transaction = `bench-${Math.floor(index / 1000)}`;
    const reference = `ref-${index}`;
    const id = disbursementId(SENDER, transaction, reference);
    const payee = payeeOf(random.below(5), random.below(1_000_000));
    const value: Record<string, unknown> = {
      sender_id: SENDER,
      transaction_id: transaction,
      reference_id: reference,
      batch_id: `${id.slice(0, 18)}-8000-000000000000`,
      disbursement_id: id,
      payer_fa: 'account_no:1@TREASURY',
      payee_fa: `${payee.scheme}:${payee.id}${payee.provider === '' ? '' : `@${payee.provider}`}`,
      payee_scheme: payee.scheme,
      payee_id: payee.id,
      payee_provider: payee.provider,
      payee_name: NAMES[random.below(NAMES.length)],
      amount: `${1 + random.below(9000)}.${String(random.below(100)).padStart(2, '0')}`,
      currency_code: payee.currency,
      note: 'Cash transfer',
      purpose: 'Cash for Schools',
      violations: [],
    };
    if (random.next() > SANE_SHARE) spoil(value, random.below(5));
    return { key: id, value: JSON.stringify(value) };
  });
}

function payeeOf(kind: number, number: number): Payee {
  switch (kind) {
    case 0:
      return { scheme: 'phone', id: `+2547${number}`, provider: 'mpesa', currency: 'KES' };
    case 1:
      return { scheme: 'phone', id: `+2507${number}`, provider: 'mtn', currency: 'RWF' };
    case 2:
      return { scheme: 'account_no', id: String(number), provider: 'BANKRWRW', currency: 'RWF' };
    case 3:
      return { scheme: 'account_no', id: String(number), provider: 'FIRSTNGLA', currency: 'NGN' };
    default:
      return { scheme: 'iban', id: `KE12${number}`, provider: '', currency: 'EUR' };
  }
}

function spoil(value: Record<string, unknown>, kind: number): void {
  switch (kind) {
    case 0:
      value.amount = '99999999999.01';
      break;
    case 1:
      value.amount = '1,000';
      break;
    case 2:
      value.currency_code = 'XTS';
      break;
    case 3:
      Object.assign(value, {
        payee_fa: 'email:a@b',
        payee_scheme: 'email',
        payee_id: 'a',
        payee_provider: 'b',
      });
      break;
    default:
      value.violations = ['rjct.payer_fa.invalid'];
  }
}

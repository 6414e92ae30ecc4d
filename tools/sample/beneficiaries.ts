import { Random } from './random.js';

/** One line of the sample programme, as it goes over the wire. */
export interface SampleLine {
  reference_id: string;
  payee_fa: string;
  payee_name: string;
  amount: string;
  currency_code: string;
  note: string;
  purpose: string;
  scheduled_timestamp: string;
}

/** What is to become of a line; the rail simulator chooses by the payee's last seven digits. */
export type Fate = 'paid' | 'malformed' | 'fails' | 'retried' | 'unknown-first' | 'returned' | 'slow';

/** Endings of payee numbers that the rail simulator knows (apps/rail-simulator/src/faults.ts). */
const ENDINGS: Readonly<Partial<Record<Fate, readonly string[]>>> = {
  fails: ['9990001', '9990013'],
  retried: ['9990014'],
  'unknown-first': ['9990002', '9990010'],
  returned: ['9990006'],
  slow: ['9990003', '9990004', '9990005', '9990012'],
};

const FIRST_NAMES = [
  'Amina',
  'Baraka',
  'Chidi',
  'Dalia',
  'Esi',
  'Farid',
  'Grace',
  'Halima',
  'Imani',
  'Joseph',
  'Kamau',
  'Lindiwe',
];
const LAST_NAMES = [
  'Abebe',
  'Banda',
  'Chanda',
  'Diallo',
  'Eze',
  'Farah',
  'Gitau',
  'Hassan',
  'Ibrahim',
  'Juma',
  'Kone',
  'Mwangi',
];

/** A generated programme: the same for the same seed, size and cycle. No real person is in it. */
export function sampleLines(count: number, seed: number, cycle: string): SampleLine[] {
  const random = new Random(seed);
  return Array.from({ length: count }, (_, index) => {
    const fate = fateOf(index, random);
    return line(index, fate, random, cycle);
  });
}

/** Exactly one line is returned; the shares of the others are per mille. */
function fateOf(index: number, random: Random): Fate {
  const at = random.below(1000);
  if (index === 7) return 'returned';
  if (at < 15) return 'malformed';
  if (at < 25) return 'fails';
  if (at < 45) return 'retried';
  if (at < 55) return 'unknown-first';
  return at < 60 ? 'slow' : 'paid';
}

function line(index: number, fate: Fate, random: Random, cycle: string): SampleLine {
  const endings = ENDINGS[fate];
  const ending = endings?.[random.below(endings.length)];
  const number = ending === undefined ? plainNumber(random) : `${10 + random.below(90)}${ending}`;
  const rail = random.below(3);
  const sample: SampleLine = {
    reference_id: `${cycle}-${String(index + 1).padStart(7, '0')}`,
    payee_fa:
      rail === 0
        ? `phone:+254${number}@mpesa`
        : `account_no:${number}@${rail === 1 ? 'BANKRWRW' : 'BANKNGLA'}`,
    payee_name: `${FIRST_NAMES[random.below(FIRST_NAMES.length)]!} ${LAST_NAMES[random.below(LAST_NAMES.length)]!}`,
    amount: `${500 + random.below(4500)}.${String(random.below(100)).padStart(2, '0')}`,
    currency_code: rail === 2 ? 'NGN' : 'KES',
    note: `Cash transfer ${cycle}`,
    purpose: 'Cash for Schools',
    scheduled_timestamp: '',
  };
  return fate === 'malformed' ? spoil(sample, random.below(4)) : sample;
}

/** Nine digits that end in no fault of the simulator. */
function plainNumber(random: Random): string {
  return `${100 + random.below(900)}${String(random.below(990_000)).padStart(6, '0')}`;
}

/** Faults that real systems produced (interface A, 2.2). */
function spoil(sample: SampleLine, how: number): SampleLine {
  if (how === 0) return { ...sample, amount: '33.333333333333336' };
  if (how === 1) return { ...sample, payee_fa: `False${sample.payee_fa.replace(/\D/g, '')}False` };
  if (how === 2) return { ...sample, currency_code: 'XYZ' };
  return { ...sample, payee_fa: '' };
}

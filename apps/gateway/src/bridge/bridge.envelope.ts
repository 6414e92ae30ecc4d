import { currencyExponent, dayText, isDay, parseAmount } from '@gpo/g2p-connect-schemas';
import { BridgeRefusal, type BridgeCode } from './bridge.codes.js';
import { isFields, textOf, wholeOf } from './bridge.message.js';
import type { BridgeSetting } from './bridge.setting.js';

/** Today, UTC. */
export function today(): string {
  return dayText(Date.now());
}

/** What an envelope declares: no more than so many disbursements and so much money may come into it. */
export interface Declared {
  beneficiaries: number;
  disbursements: number;
  totalMinor: bigint;
  /** `YYYY-MM-DD`, UTC. */
  scheduleOn: string;
}

export interface NewEnvelope extends Declared {
  programme: string;
  frequency: string;
  cycle: string;
  currency: string;
}

const FREQUENCIES: ReadonlySet<string> = new Set([
  'Daily',
  'Weekly',
  'Fortnightly',
  'Monthly',
  'BiMonthly',
  'Quarterly',
  'SemiAnnually',
  'Annually',
  'OnDemand',
]);

/** @param today the UTC day. @throws BridgeRefusal with the code of the first field that is wrong. */
export function readNewEnvelope(message: unknown, setting: BridgeSetting, today: string): NewEnvelope {
  const fields = isFields(message) ? message : {};
  const programme = textOf(fields.benefit_program_mnemonic);
  if (
    programme === undefined ||
    !(setting.programmes === undefined || Object.hasOwn(setting.programmes, programme))
  )
    throw new BridgeRefusal('INVALID_PROGRAM_MNEMONIC');
  const frequency = textOf(fields.disbursement_frequency);
  if (frequency === undefined || !FREQUENCIES.has(frequency))
    throw new BridgeRefusal('INVALID_DISBURSEMENT_FREQUENCY');
  const cycle = textOf(fields.cycle_code_mnemonic);
  if (cycle === undefined) throw new BridgeRefusal('INVALID_CYCLE_CODE_MNEMONIC');
  const currency = textOf(fields.disbursement_currency_code) ?? '';
  // The original takes any; without it no amount can be read.
  if (currencyExponent(currency) === undefined) throw new BridgeRefusal('INVALID_DISBURSEMENT_CURRENCY_CODE');
  return { programme, frequency, cycle, currency, ...readDeclared(fields, currency, setting, today) };
}

/** The counts, sum and day of a new envelope, or of one that is amended. @throws BridgeRefusal */
export function readDeclared(
  message: unknown,
  currency: string,
  setting: BridgeSetting,
  today: string,
): Declared {
  const fields = isFields(message) ? message : {};
  const need = <T>(value: T | undefined, code: BridgeCode): T => {
    if (value === undefined) throw new BridgeRefusal(code);
    return value;
  };
  const count = (value: unknown): number | undefined => {
    const number = wholeOf(value);
    return number === 0 ? undefined : number;
  };
  return {
    beneficiaries: need(count(fields.number_of_beneficiaries), 'INVALID_NO_OF_BENEFICIARIES'),
    disbursements: need(count(fields.number_of_disbursements), 'INVALID_NO_OF_DISBURSEMENTS'),
    totalMinor: need(
      totalOf(fields.total_disbursement_amount, currency),
      'INVALID_TOTAL_DISBURSEMENT_AMOUNT',
    ),
    scheduleOn: need(
      dayOf(fields.disbursement_schedule_date, setting, today),
      'INVALID_DISBURSEMENT_SCHEDULE_DATE',
    ),
  };
}

/** Nothing is a sum too, unlike an amount that is paid. */
function totalOf(value: unknown, currency: string): bigint | undefined {
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (/^0+(?:\.0*)?$/.test(text)) return 0n;
  const amount = parseAmount(text, currency);
  return amount.ok ? amount.minor : undefined;
}

function dayOf(value: unknown, { past_schedule: past }: BridgeSetting, today: string): string | undefined {
  const day = textOf(value)?.slice(0, 10) ?? '';
  if (!isDay(day)) return undefined;
  return day >= today || past === 'now' ? day : undefined;
}

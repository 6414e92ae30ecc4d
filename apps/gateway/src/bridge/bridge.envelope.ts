import { createHash } from 'node:crypto';
import { currencyExponent, dayText, isDay } from '@gpo/g2p-connect-schemas';
import { BridgeRefusal, type BridgeCode } from './bridge.codes.js';
import { fieldsOf, textOf, wholeOf, type Fields } from './bridge.message.js';
import { AMOUNTS, QUANTITIES, type BridgeNames } from './bridge.names.js';
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
  /** Made by the client; absent = by us. */
  clientId?: string;
  /** What versions 1.1 and 3.x say of the benefit; its status tells it again. Absent = version 1.0. */
  benefit?: Benefit;
}

export interface Benefit {
  benefit_code_id: string;
  benefit_code_mnemonic: string | null;
  benefit_type: string;
  disbursement_cycle_id: string | null;
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

/** An envelope as version 1.0 opens it. @param today the UTC day. @throws BridgeRefusal with the code of the first field that is wrong. */
export function readNewEnvelope(message: unknown, setting: BridgeSetting, today: string): NewEnvelope {
  return readFields(fieldsOf(message), setting, today, AMOUNTS);
}

/** An envelope as versions 1.1 and 3.x open it. @throws BridgeRefusal */
export function readEnvelopeOfClient(fields: Fields, setting: BridgeSetting, today: string): NewEnvelope {
  if (textOf(fields.benefit_program_id) === undefined) throw new BridgeRefusal('INVALID_PROGRAM_ID');
  const envelope = readFields(fields, setting, today, QUANTITIES);
  const clientId = envelopeIdOf(fields);
  if (clientId !== undefined && !CLIENT_ID.test(clientId))
    throw new BridgeRefusal('INVALID_DISBURSEMENT_ENVELOPE_ID');
  const benefit = readBenefit(fields);
  if (textOf(fields.target_registry) === undefined) throw new BridgeRefusal('INVALID_TARGET_REGISTRY');
  return { ...envelope, benefit, ...(clientId === undefined ? {} : { clientId }) };
}

/** Longer ones have no room in the transaction id of the envelope's batch. */
const CLIENT_ID = /^[\w.-]{1,64}$/;

/** The id of an envelope that a message names: `id` since version 1.1. */
export function envelopeIdOf(message: unknown): string | undefined {
  const fields = fieldsOf(message);
  return textOf(fields.disbursement_envelope_id) ?? textOf(fields.id);
}

/** Only money that goes to accounts is paid here: not goods, services, nor cash that agencies hand out. */
function readBenefit(fields: Fields): Benefit {
  const id = textOf(fields.benefit_code_id);
  const type = textOf(fields.benefit_type);
  if (id === undefined || type !== 'CASH_DIGITAL') throw new BridgeRefusal('INVALID_BENEFIT_CODE_ID');
  return {
    benefit_code_id: id,
    benefit_code_mnemonic: textOf(fields.benefit_code_mnemonic) ?? null,
    benefit_type: type,
    disbursement_cycle_id: textOf(fields.disbursement_cycle_id) ?? null,
  };
}

/** What an envelope is opened with; a client that repeats its id must repeat this too. */
export function digestEnvelope({ totalMinor, ...rest }: NewEnvelope): Buffer {
  const parts = Object.entries({ ...rest, totalMinor: totalMinor.toString() });
  return createHash('sha256').update(JSON.stringify(parts.sort())).digest();
}

function readFields(
  fields: Fields,
  setting: BridgeSetting,
  today: string,
  names: BridgeNames,
): Omit<NewEnvelope, 'clientId' | 'benefit'> {
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
  const currency = textOf(fields[names.currency]) ?? '';
  // The original takes any; without it no amount can be read.
  if (currencyExponent(currency) === undefined) throw new BridgeRefusal('INVALID_DISBURSEMENT_CURRENCY_CODE');
  return { programme, frequency, cycle, currency, ...readDeclared(fields, names, currency, setting, today) };
}

/** The counts, sum and day of a new envelope, or of one that is amended. @throws BridgeRefusal */
export function readDeclared(
  fields: Fields,
  names: BridgeNames,
  currency: string,
  setting: BridgeSetting,
  today: string,
): Declared {
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
    totalMinor: need(totalOf(fields[names.total], currency), names.wrongTotal),
    scheduleOn: need(
      dayOf(fields.disbursement_schedule_date, setting, today),
      'INVALID_DISBURSEMENT_SCHEDULE_DATE',
    ),
  };
}

const DECIMAL = /^(\d{1,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** Sums beyond it have no room in the record. */
const TOTAL_MINOR_MAX = 10n ** 18n;

/** A declared sum in minor units. It is a limit that nobody is paid, and sums of floats carry noise: the nearest unit counts. */
function totalOf(value: unknown, currency: string): bigint | undefined {
  const [, whole, fraction = '', power = '0'] = DECIMAL.exec(textOf(value) ?? '') ?? [];
  if (whole === undefined) return undefined;
  const [digits, places] = [
    BigInt(whole + fraction),
    currencyExponent(currency)! + Number(power) - fraction.length,
  ];
  const minor = places >= 0 ? digits * 10n ** BigInt(places) : nearest(digits, 10n ** BigInt(-places));
  return minor < TOTAL_MINOR_MAX ? minor : undefined;
}

function nearest(digits: bigint, unit: bigint): bigint {
  return (2n * digits + unit) / (2n * unit);
}

function dayOf(value: unknown, { past_schedule: past }: BridgeSetting, today: string): string | undefined {
  const day = textOf(value)?.slice(0, 10) ?? '';
  if (!isDay(day)) return undefined;
  return day >= today || past === 'now' ? day : undefined;
}

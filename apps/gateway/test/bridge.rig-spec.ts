import { expect } from '@jest/globals';
import type { BridgeCode } from '../src/bridge/bridge.codes.js';
import { ApiRig } from './api.rig-spec.js';

/** Calls of the Bridge API as Odoo's client of 2024 writes them (interface-a.md 2.4): its header holds no truth, and its key is misspelt. */
export function bridgeCall(message: unknown): Record<string, unknown> {
  const header = {
    ...{
      version: '1.0.0',
      message_id: 'string',
      message_ts: 'string',
      action: 'string',
      sender_id: 'string',
    },
    ...{ sender_uri: '', receiver_id: '', total_count: 0, is_msg_encrypted: false, meta: 'string' },
  };
  return { siganature: 'string', header, message };
}

const DAY_MS = 86_400_000;

/** A UTC day so many days from now. */
export function dayIn(days: number): string {
  return new Date(Date.now() + days * DAY_MS).toISOString().slice(0, 10);
}

export type Fields = Record<string, unknown>;

export function envelope(change: Fields = {}): Fields {
  return {
    ...{
      benefit_program_mnemonic: 'Cash for Schools',
      disbursement_frequency: 'OnDemand',
      cycle_code_mnemonic: 'SEP',
    },
    ...{ number_of_beneficiaries: 3, number_of_disbursements: 3, total_disbursement_amount: 1354.75 },
    ...{ disbursement_currency_code: 'KES', disbursement_schedule_date: dayIn(1), ...change },
  };
}

export function disbursement(envelopeId: unknown, change: Fields = {}): Fields {
  return {
    ...{ disbursement_envelope_id: envelopeId, beneficiary_id: 'account_no:123000@BANKRWRW' },
    ...{ mis_reference_number: '13', beneficiary_name: 'Payee é', disbursement_amount: 100.5 },
    ...{ narrative: 'Payment for Cycle 1 under Cash for Schools', ...change },
  };
}

export interface Told {
  header: Fields & { status: string; status_reason_message: string | null };
  message: unknown;
}

/** Codes of calls that take something back, and of uploads. */
export const OF_CHANGES: readonly BridgeCode[] = [
  'DISBURSEMENT_ENVELOPE_ALREADY_CANCELED',
  'DISBURSEMENT_ENVELOPE_DATE_PASSED',
  'INVALID_DISBURSEMENT_ID',
  'DISBURSEMENT_ALREADY_CANCELED',
  'DISBURSEMENT_ENVELOPE_SCHEDULE_DATE_REACHED',
  'STATEMENT_UPLOAD_ERROR',
];

export function idsOf({ message }: Told): string[] {
  return (message as { disbursement_id: string }[]).map(({ disbursement_id: id }) => id);
}

/** A gateway and a sender that calls it as the client does; the rest of the path is not running. */
export class BridgeRig {
  /** Every code that was told. */
  readonly produced = new Set<string>();

  private constructor(readonly api: ApiRig) {}

  static async start(): Promise<BridgeRig> {
    return new BridgeRig(await ApiRig.start(1, { openg2p: { bridge: { statement_lane: 'core-banking' } } }));
  }

  async call(path: string, message: unknown): Promise<Told> {
    const { status, text } = await this.api.openg2p(`/api/g2p-bridge/${path}`, bridgeCall(message));
    expect(status).toBe(200);
    return JSON.parse(text) as Told;
  }

  async opened(change: Fields = {}): Promise<string> {
    const { header, message } = await this.call('create_disbursement_envelope', envelope(change));
    expect(header.status).toBe('succ');
    return (message as { disbursement_envelope_id: string }).disbursement_envelope_id;
  }

  paid(id: string, ...changes: Fields[]): Promise<Told> {
    return this.call(
      'create_disbursements',
      changes.map((change) => disbursement(id, change)),
    );
  }

  code({ header }: Told): string | null {
    expect(header.status).toBe('rjct');
    this.produced.add(header.status_reason_message!);
    return header.status_reason_message;
  }
}

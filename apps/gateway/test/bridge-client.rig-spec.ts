import { expect } from '@jest/globals';
import { bridgeCall, dayIn, type Fields, type Told } from './bridge.rig-spec.js';

/** An envelope as PBMS background tasks open it (interface-a.md 2.5). */
export function clientEnvelope(id: string | undefined, change: Fields = {}): Fields {
  return {
    ...{
      id,
      benefit_program_id: 7,
      benefit_program_mnemonic: 'Cash for Schools',
      target_registry: 'student',
    },
    ...{ benefit_program_description: null, benefit_code_id: 3, benefit_code_mnemonic: 'STIPEND' },
    ...{ benefit_code_description: null, benefit_type: 'CASH_DIGITAL', disbursement_cycle_id: 12 },
    ...{ disbursement_frequency: 'Monthly', cycle_code_mnemonic: 'NOV', number_of_beneficiaries: 3 },
    ...{ number_of_disbursements: 3, total_disbursement_quantity: 1354.75, measurement_unit: 'KES' },
    ...{
      disbursement_schedule_date: dayIn(1),
      receipt_time_stamp: null,
      cancellation_status: null,
      ...change,
    },
  };
}

/** A disbursement as they send it: an id of sixteen characters, and no name. */
export function clientLine(envelopeId: string, id: string, change: Fields = {}): Fields {
  return {
    ...{ disbursement_id: id, disbursement_envelope_id: envelopeId, beneficiary_name: null },
    ...{ beneficiary_id: 'account_no:123000@BANKRWRW', disbursement_quantity: 100.5 },
    ...{
      compute_elements: { days: 3 },
      disbursement_cycle_id: 12,
      narrative: 'Cash for Schools - NOV',
      ...change,
    },
  };
}

export interface Answered {
  /** SUCCESS or succ is true. */
  isTaken: boolean;
  code: string | null;
  payload: unknown;
}

interface Response {
  response_header: Fields & {
    request_id: string;
    response_status: string;
    response_error_code: string | null;
  };
  response_body: { response_payload: unknown };
}

/** How one version writes and reads a call. */
export interface Client {
  version: '1.1' | '3.x';
  body: (payload: unknown, controlId?: string) => Fields;
  read: (text: string) => Answered;
}

/** PBMS of 2025: the header of 1.0, with the word "string", and new names. */
const OF_2025: Client = {
  version: '1.1',
  body: (payload, controlId) => ({
    ...bridgeCall(payload),
    ...(controlId === undefined ? {} : { disbursement_batch_control_id: controlId }),
  }),
  read: (text) => {
    const { header, message } = JSON.parse(text) as Told;
    return { isTaken: header.status === 'succ', code: header.status_reason_message, payload: message };
  },
};

/** PBMS of 2026. */
const OF_2026: Client = {
  version: '3.x',
  body: (payload, controlId) => ({
    request_header: {
      ...{ sender_app_mnemonic: 'PBMS', sender_app_url: '', request_id: 'string', instance_id: 'string' },
      request_timestamp: new Date().toISOString(),
    },
    request_body: {
      ...{ pagination_request: null, request_payload: payload },
      ...(controlId === undefined ? {} : { disbursement_batch_control_id: controlId }),
    },
  }),
  read: (text) => {
    const { response_header: header, response_body: body } = JSON.parse(text) as Response;
    expect(header.request_id).toBe('string');
    expect(new Date(header.response_timestamp as string).getTime()).toBeGreaterThan(Date.now() - 60_000);
    const isTaken = header.response_status === 'SUCCESS';
    expect([header.response_status, header.response_error_message]).toEqual([
      isTaken ? 'SUCCESS' : 'ERROR',
      header.response_error_code,
    ]);
    return { isTaken, code: header.response_error_code, payload: body.response_payload };
  },
};

export const CLIENTS: readonly Client[] = [OF_2025, OF_2026];

/** One client at a gateway. */
export class ClientRig {
  /** Every code that was told. */
  readonly produced = new Set<string>();

  constructor(
    private readonly post: (path: string, body: Fields) => Promise<{ status: number; text: string }>,
    private readonly client: Client,
  ) {}

  async call(path: string, payload: unknown, controlId?: string): Promise<Answered> {
    const body = this.client.body(payload, controlId);
    const { status, text } = await this.post(`/api/g2p-bridge/${path}`, body);
    expect(status).toBe(200);
    return this.client.read(text);
  }

  /** @returns the payload of a call that was taken. */
  async taken<T>(path: string, payload: unknown, controlId?: string): Promise<T> {
    const answered = await this.call(path, payload, controlId);
    expect(answered.code).toBeNull();
    expect(answered.isTaken).toBe(true);
    return answered.payload as T;
  }

  /** @returns the code of a call that was refused. */
  async refused(path: string, payload: unknown, controlId?: string): Promise<string | null> {
    const { isTaken, code, payload: told } = await this.call(path, payload, controlId);
    expect(isTaken).toBe(false);
    // A list of envelopes, even an empty one, is success to some clients; a list of disbursements is what others must have.
    expect(told).toEqual(path.endsWith('disbursements') ? [] : null);
    this.produced.add(code!);
    return code;
  }
}

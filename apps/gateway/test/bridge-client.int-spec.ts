import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CODES_OF_CLIENT_IDS } from '../src/bridge/bridge.codes.js';
import { ApiRig } from './api.rig-spec.js';
import { CLIENTS, ClientRig, clientEnvelope, clientLine } from './bridge-client.rig-spec.js';
import { dayIn, type Fields } from './bridge.rig-spec.js';

let api: ApiRig;
beforeAll(async () => {
  api = await ApiRig.start();
}, 60_000);
beforeEach(() => api.record.clear());
afterAll(() => api.stop());

const stored = async (): Promise<number> => (await api.record.rows('SELECT FROM disbursement')).length;

describe.each(CLIENTS.map((client) => [client.version, client] as const))(
  '2.5, version %s',
  (version, client) => {
    let rig: ClientRig;
    beforeAll(() => {
      rig = new ClientRig((path, body) => api.openg2p(path, body), client);
    });

    async function opened(change: Fields = {}): Promise<string> {
      const id = randomUUID();
      await rig.taken('create_disbursement_envelopes', [clientEnvelope(id, change)]);
      return id;
    }

    it('envelopes are opened under the client’s ids, and every field comes back', async () => {
      const envelopes = [clientEnvelope(randomUUID()), clientEnvelope(randomUUID(), { benefit_code_id: 4 })];
      expect(await rig.taken('create_disbursement_envelopes', envelopes)).toMatchObject(envelopes);
      expect(await rig.taken('create_disbursement_envelopes', envelopes)).toMatchObject(envelopes);
      expect(await api.record.rows('SELECT FROM bridge_envelope')).toHaveLength(2);
      const [{ id }] = await rig.taken<[{ id: string }]>('create_disbursement_envelopes', [
        clientEnvelope(undefined),
      ]);
      expect(id).toMatch(/^\d{13,16}$/);
    });

    it.each<[string, Fields]>([
      ['INVALID_PROGRAM_ID', { benefit_program_id: null }],
      ['INVALID_PROGRAM_MNEMONIC', { benefit_program_mnemonic: '' }],
      ['INVALID_DISBURSEMENT_FREQUENCY', { disbursement_frequency: 'DAILY' }],
      ['INVALID_CYCLE_CODE_MNEMONIC', { cycle_code_mnemonic: '' }],
      ['INVALID_NO_OF_BENEFICIARIES', { number_of_beneficiaries: 0 }],
      ['INVALID_NO_OF_DISBURSEMENTS', { number_of_disbursements: 0 }],
      ['INVALID_DISBURSEMENT_QUANTITY', { total_disbursement_quantity: -1 }],
      ['INVALID_DISBURSEMENT_CURRENCY_CODE', { measurement_unit: 'KG' }],
      ['INVALID_DISBURSEMENT_SCHEDULE_DATE', { disbursement_schedule_date: dayIn(-1) }],
      ['INVALID_BENEFIT_CODE_ID', { benefit_code_id: null }],
      ['INVALID_BENEFIT_CODE_ID', { benefit_type: 'CASH_PHYSICAL' }],
      ['INVALID_BENEFIT_CODE_ID', { benefit_type: null }],
      ['INVALID_TARGET_REGISTRY', { target_registry: '' }],
      ['INVALID_DISBURSEMENT_ENVELOPE_ID', { id: 'x'.repeat(65) }],
    ])('%s for %j: none of the list is opened', async (expected, change) => {
      const list = [clientEnvelope(randomUUID()), clientEnvelope(randomUUID(), change)];
      expect(await rig.refused('create_disbursement_envelopes', list)).toBe(expected);
      expect(await api.record.rows('SELECT FROM bridge_envelope')).toEqual([]);
    });

    it('an id that comes again with other content is refused, and so is what is no list', async () => {
      const id = await opened();
      const other = clientEnvelope(id, { number_of_disbursements: 4 });
      expect(await rig.refused('create_disbursement_envelopes', [other])).toBe(
        'INVALID_DISBURSEMENT_ENVELOPE_ID',
      );
      expect(await rig.refused('create_disbursement_envelopes', clientEnvelope(id))).toBe(
        'REQUEST_VALIDATION_ERROR',
      );
    });

    it('a call that is sent again under its control id pays nobody twice, and tells the same', async () => {
      const id = await opened();
      const lines = [clientLine(id, 'V1StGXR8_Z5jdHi6'), clientLine(id, '3IBBoOd_wzEBv4T5')];
      const first = await rig.taken('create_disbursements', lines, 'c1');
      expect(first).toMatchObject(lines.map((line) => ({ ...line, response_error_codes: [] })));
      expect(await rig.taken('create_disbursements', lines, 'c1')).toEqual(first);
      expect(await rig.taken('create_disbursements', [...lines].reverse())).toHaveLength(2);
      expect(await stored()).toBe(2);
      expect(await api.record.rows('SELECT received, received_minor FROM bridge_envelope')).toEqual([
        { received: 2, received_minor: '20100' },
      ]);
    });

    it('five retries at once of one call: it is stored once, and all are told so', async () => {
      const id = await opened();
      const lines = [clientLine(id, 'a1'), clientLine(id, 'a2')];
      await Promise.all([1, 2, 3, 4, 5].map(() => rig.taken('create_disbursements', lines, 'c2')));
      expect(await stored()).toBe(2);
    });

    it('an envelope that was opened is told again after its programme is gone, and not after it was cancelled', async () => {
      const [old, gone] = [clientEnvelope(randomUUID()), clientEnvelope(randomUUID())];
      await rig.taken('create_disbursement_envelopes', [old, gone]);
      api.change('openg2p', { bridge: { programmes: {} } });
      try {
        expect(await rig.taken('create_disbursement_envelopes', [old])).toMatchObject([old]);
      } finally {
        api.change('openg2p', { bridge: {} });
      }
      await rig.taken('cancel_disbursement_envelope', [{ id: gone.id }]);
      expect(await rig.refused('create_disbursement_envelopes', [gone])).toBe(
        'DISBURSEMENT_ENVELOPE_ALREADY_CANCELED',
      );
    });

    it('a control id that comes with other disbursements is refused: they may be the same people', async () => {
      const id = await opened();
      await rig.taken('create_disbursements', [clientLine(id, 'b1')], 'c3');
      for (const lines of [[clientLine(id, 'b2')], [clientLine(id, 'b1', { disbursement_quantity: 1 })]])
        expect(await rig.refused('create_disbursements', lines, 'c3')).toBe('INVALID_DISBURSEMENT_PAYLOAD');
      expect(await stored()).toBe(1);
    });

    it('an id that is taken is refused in its envelope with other content, twice in a call, and in any other envelope', async () => {
      const [id, other] = [await opened(), await opened()];
      await rig.taken('create_disbursements', [clientLine(id, 'd1')]);
      const calls = [
        [clientLine(id, 'd1', { beneficiary_id: 'account_no:9@BANKRWRW' })],
        [clientLine(id, 'd2'), clientLine(id, 'd2')],
        [clientLine(other, 'd3'), clientLine(other, 'd1')],
        [clientLine(other, '')],
      ];
      for (const lines of calls)
        expect(await rig.refused('create_disbursements', lines)).toBe('INVALID_DISBURSEMENT_PAYLOAD');
      expect(await stored()).toBe(1);
    });

    it('the same id for two envelopes at one instant: one of the two has it', async () => {
      const ids = [await opened(), await opened()];
      const told = await Promise.all(
        ids.map((id) => rig.call('create_disbursements', [clientLine(id, 'e1')])),
      );
      expect(told.map(({ isTaken }) => isTaken).sort()).toEqual([false, true]);
      expect(await stored()).toBe(1);
    });

    it('more than was declared is refused, by number and by sum', async () => {
      const id = await opened();
      const four = ['1', '2', '3', '4'].map((one) => clientLine(id, one, { disbursement_quantity: 1 }));
      expect(await rig.refused('create_disbursements', four)).toBe('NO_OF_DISBUESEMENTS_EXCEEDS_DECLARED');
      const dear = [clientLine(id, 'f', { disbursement_quantity: 1354.76 })];
      expect(await rig.refused('create_disbursements', dear)).toBe(
        'TOTAL_DISBURSEMENT_QUANTITY_EXCEEDS_DECLARED',
      );
      expect(await stored()).toBe(0);
    });

    it('who gets nothing this time holds up no other: that line ends unpaid, with its reason', async () => {
      const id = await opened();
      await rig.taken('create_disbursements', [
        clientLine(id, 'g1'),
        clientLine(id, 'g2', { disbursement_quantity: 0 }),
      ]);
      expect(await api.record.rows('SELECT violations FROM disbursement ORDER BY line_no')).toEqual([
        { violations: [] },
        { violations: ['rjct.amount.invalid'] },
      ]);
    });

    it('an envelope tells its counts in the client’s words, and a call how far it is', async () => {
      const id = await opened();
      await rig.taken('create_disbursements', [clientLine(id, 'h1'), clientLine(id, 'h2')], 'c4');
      expect(await rig.taken('get_disbursement_envelope_status', id)).toMatchObject({
        ...{ disbursement_envelope_id: id, benefit_type: 'CASH_DIGITAL', benefit_code_id: 3 },
        ...{ measurement_unit: 'KES', number_of_disbursements_received: 2 },
        ...{ total_disbursement_quantity_declared: 1354.75, total_disbursement_quantity_received: 201 },
      });
      const [message, controlId] = version === '1.1' ? [undefined, 'c4'] : ['c4', undefined];
      expect(await rig.taken('get_disbursement_batch_control', message, controlId)).toMatchObject({
        ...{ disbursement_batch_control_id: 'c4', disbursement_envelope_id: id },
        disbursement_cycle_id: version === '1.1' ? '12' : 12,
        ...{ fa_resolution_status: 'PROCESSED', sponsor_bank_dispatch_status: 'PENDING' },
      });
      const other = version === '1.1' ? [undefined, 'c6'] : ['c6', undefined];
      await rig.taken('create_disbursements', [clientLine(id, 'h1')], 'c6');
      expect(await rig.taken('get_disbursement_batch_control', other[0], other[1])).toMatchObject({
        sponsor_bank_dispatch_status: 'PENDING',
      });
      expect(await rig.taken('get_disbursement_batch_control', 'none')).toBeNull();
    });

    it('what became of a disbursement is asked by the client’s id; an unknown one has two empty lists', async () => {
      await rig.taken('create_disbursements', [clientLine(await opened(), 'i1')]);
      const none = { disbursement_recon_payloads: [], disbursement_error_recon_payloads: [] };
      const key = version === '1.1' ? 'disbursement_id' : 'reconciliation_id';
      expect(await rig.taken('get_disbursement_status', ['i1', 'x'])).toEqual([
        { [key]: 'i1', disbursement_recon_records: none },
        { [key]: 'x', disbursement_recon_records: none },
      ]);
    });

    it('an envelope and single disbursements are amended and cancelled before their day', async () => {
      const id = await opened();
      await rig.taken('create_disbursements', [clientLine(id, 'j1'), clientLine(id, 'j2')], 'c5');
      const change = { number_of_disbursements: 5, total_disbursement_quantity: 2000 };
      await rig.taken('amend_disbursement_envelope', [
        clientEnvelope(id, { ...change, disbursement_schedule_date: dayIn(4) }),
      ]);
      expect(await rig.taken('cancel_disbursements', [{ disbursement_id: 'j1' }])).toMatchObject([
        { disbursement_id: 'j1', cancellation_status: version === '1.1' ? 'Cancelled' : 'CANCELLED' },
      ]);
      const again = [clientLine(id, 'j1')];
      expect(await rig.refused('create_disbursements', again)).toBe('INVALID_DISBURSEMENT_PAYLOAD');
      await rig.taken('create_disbursements', [clientLine(id, 'j1'), clientLine(id, 'j2')], 'c5');
      expect(await rig.refused('cancel_disbursement_envelope', [{ id }, { id: 'x' }])).toBe(
        'REQUEST_VALIDATION_ERROR',
      );
      expect(await rig.taken('cancel_disbursement_envelope', [{ id }])).toMatchObject([
        { id, cancellation_status: 'Cancelled' },
      ]);
      expect(await rig.refused('create_disbursements', [clientLine(id, 'j3')])).toBe(
        'DISBURSEMENT_ENVELOPE_ALREADY_CANCELED',
      );
      expect(await api.record.rows('SELECT DISTINCT state FROM disbursement')).toEqual([
        { state: 'cancelled' },
      ]);
    });

    it('the word of a programme about the mapper decides over that of its sender', async () => {
      const programmes = { All: { resolve: 'always' as const }, None: { resolve: 'never' as const } };
      api.change('openg2p', { bridge: { programmes } });
      try {
        for (const [programme, payee] of [
          ['All', 'account_no:5@BANKRWRW'],
          ['None', 'token:5@nationalId'],
        ] as const) {
          const id = await opened({ benefit_program_mnemonic: programme });
          await rig.taken('create_disbursements', [
            clientLine(id, `k${programme}`, { beneficiary_id: payee }),
          ]);
        }
      } finally {
        api.change('openg2p', { bridge: {} });
      }
      expect(
        await api.record.rows('SELECT payee_scheme, unresolved FROM disbursement ORDER BY payee_scheme'),
      ).toEqual([
        { payee_scheme: 'account_no', unresolved: true },
        { payee_scheme: 'token', unresolved: false },
      ]);
    });

    it('every code that these versions add was produced by a test above, but that of signatures', () => {
      expect(CODES_OF_CLIENT_IDS.filter((code) => !rig.produced.has(code))).toEqual(['rjct.jwt.invalid']);
    });
  },
);

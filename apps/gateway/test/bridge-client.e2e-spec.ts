import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, until } from '../../../tools/testing/path-rig-spec.js';
import { CLIENTS, ClientRig, clientEnvelope, clientLine } from './bridge-client.rig-spec.js';
import { dayIn } from './bridge.rig-spec.js';

const COUNT = 1002;

interface Recon {
  disbursement_id: string;
  disbursement_batch_control_id: string;
  remittance_reference_number: string | null;
  reversal_found: boolean;
  reversal_reason: string | null;
}

describe('OpenG2P’s background tasks over the Bridge API 1.1 and 3.x', () => {
  let rig: PathRig;
  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);
  afterAll(() => rig.stop(), 60_000);

  async function post(path: string, body: object): Promise<{ status: number; text: string }> {
    const answer = await rig.post(body, path);
    return { status: answer.status, text: await answer.text() };
  }

  it.each(CLIENTS.map((client) => [client.version, client] as const))(
    '2.5, version %s: an envelope of 1,002, its one call sent four times under one control id, each payee paid once and polled to the end',
    async (_, client) => {
      const pbms = new ClientRig(post, client);
      const [id, controlId] = [randomUUID(), randomUUID()];
      const envelope = clientEnvelope(id, {
        ...{ number_of_beneficiaries: COUNT, number_of_disbursements: COUNT },
        ...{ total_disbursement_quantity: 502_503, disbursement_schedule_date: dayIn(0) },
      });
      await pbms.taken('create_disbursement_envelopes', [envelope]);
      const ids = Array.from({ length: COUNT }, () => randomUUID().replaceAll('-', '').slice(0, 16));
      const payees = ['account_no:1009990001@BANKRWRW', 'token:person-1@nationalId'];
      const lines = ids.map((one, nth) =>
        clientLine(id, one, {
          beneficiary_id: payees[nth] ?? `account_no:${700_000 + nth}@BANKRWRW`,
          disbursement_quantity: nth + 1,
        }),
      );
      const { payments, double_payments } = await rig.journal();
      const first = await pbms.taken('create_disbursements', lines, controlId);
      const again = [1, 2, 3].map(() => pbms.taken('create_disbursements', lines, controlId));
      expect(await Promise.all(again)).toEqual([first, first, first]);
      const found = await until(120_000, async () => {
        const told = await pbms.taken<
          { disbursement_recon_records: { disbursement_recon_payloads: Recon[] } }[]
        >('get_disbursement_status', ids);
        const ends = told.flatMap(({ disbursement_recon_records: all }) => all.disbursement_recon_payloads);
        return ends.length === COUNT ? ends : undefined;
      });
      const [failed, ...paid] = found;
      expect(failed).toMatchObject({
        ...{ disbursement_id: ids[0], remittance_reference_number: null, reversal_found: true },
        reversal_reason: expect.stringMatching(/payee_unknown/),
      });
      expect(paid.filter(({ reversal_found: reversed }) => reversed)).toEqual([]);
      expect(new Set(paid.map((end) => end.disbursement_batch_control_id))).toEqual(new Set([controlId]));
      const after = await rig.journal();
      expect([after.payments - payments, after.double_payments - double_payments]).toEqual([COUNT - 1, 0]);
      expect(await pbms.taken('get_disbursement_envelope_status', id)).toMatchObject({
        ...{ number_of_disbursements_received: COUNT, total_disbursement_quantity_received: 502_503 },
        ...{ number_of_disbursements_reconciled: COUNT - 1, number_of_disbursements_reversed: 1 },
      });
    },
    200_000,
  );
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { pythonPackage } from '../../../tools/testing/python-package-spec.js';
import { ApiRig } from './api.rig-spec.js';
import { bridgeCall, dayIn, disbursement, envelope, idsOf, type Told } from './bridge.rig-spec.js';

const VERSION = '1.1.0';
const BESIDE = [
  'openg2p-g2pconnect-common-lib==1.1.0',
  'openg2p-fastapi-common==1.1.6',
  'sqlalchemy[asyncio]==2.0.58',
];

function environment(): string | undefined {
  try {
    return pythonPackage('openg2p-g2p-bridge-models', VERSION, BESIDE);
  } catch {
    return undefined;
  }
}
const folder = environment();

interface Answer {
  model: string;
  body: string;
}

/** What the original's own models say of these answers; null = nothing. */
function judged(answers: readonly Answer[]): (string | null)[] {
  const out = execFileSync(join(folder!, 'bin/python'), ['tools/testing/judge_bridge.py'], {
    input: JSON.stringify(answers),
  });
  return JSON.parse(out.toString()) as (string | null)[];
}

(folder === undefined ? describe.skip : describe)(
  `the Bridge API 1.0 before the models of its original (${folder === undefined ? 'openg2p-g2p-bridge-models cannot be had by pip' : VERSION})`,
  () => {
    let rig: ApiRig;
    beforeAll(async () => {
      rig = await ApiRig.start(1, { openg2p: { bridge: { profile: 'bridge-compat' } } });
    }, 60_000);
    afterAll(() => rig.stop());

    const call = async (path: string, message: unknown): Promise<string> =>
      (await rig.openg2p(`/api/g2p-bridge/${path}`, bridgeCall(message))).text;

    /** Every call, taken and refused. */
    async function answers(): Promise<Answer[]> {
      const told: Answer[] = [];
      const tell = async (model: string, path: string, message: unknown): Promise<string> => {
        const body = await call(path, message);
        told.push({ model, body });
        return body;
      };
      const ENVELOPE = 'DisbursementEnvelopeResponse';
      const opened = await tell(ENVELOPE, 'create_disbursement_envelope', envelope());
      const id = (JSON.parse(opened) as { message: { disbursement_envelope_id: string } }).message
        .disbursement_envelope_id;
      await tell(ENVELOPE, 'create_disbursement_envelope', envelope({ number_of_disbursements: 0 }));
      // Its own model of an envelope's status reads sums of whole units only.
      const lines = ['1', '2', '3'].map((mis_reference_number) =>
        disbursement(id, { mis_reference_number, disbursement_amount: 100 }),
      );
      const paid = await tell('DisbursementResponse', 'create_disbursements', lines);
      await tell('DisbursementResponse', 'create_disbursements', [disbursement(id, { beneficiary_id: '' })]);
      await tell('DisbursementResponse', 'create_disbursements', [disbursement('1')]);
      const ids = idsOf(JSON.parse(paid) as Told);
      const [one] = ids;
      await tell('DisbursementResponse', 'cancel_disbursements', [{ disbursement_id: one }]);
      await tell('DisbursementResponse', 'cancel_disbursements', [{ disbursement_id: 'x' }]);
      await tell('DisbursementStatusResponse', 'get_disbursement_status', [one, 'x']);
      await tell('DisbursementEnvelopeStatusResponse', 'get_disbursement_envelope_status', id);
      await tell('DisbursementEnvelopeStatusResponse', 'get_disbursement_envelope_status', 'x');
      // As the path leaves them: one came back, the other is paid.
      const rows = await rig.record.rows<{ disbursement_id: string }>(
        `SELECT disbursement_id FROM disbursement WHERE state = 'received'`,
      );
      for (const [nth, { disbursement_id: row }] of rows.entries()) {
        await rig.record.attempt(row, 1, 'settled', { rail_reference: 'R1', resolved_at: new Date() });
        await rig.record.rows(
          `UPDATE disbursement SET state = $2, reason = 'AC04', message = 'closed' WHERE disbursement_id = $1`,
          [row, ['returned', 'succeeded'][nth]],
        );
      }
      const status = await tell('DisbursementStatusResponse', 'get_disbursement_status', ids);
      expect(status.match(/"remittance_reference_number":"R1"/g)).toHaveLength(2);
      // The returned one, and the one that was cancelled.
      expect(status.match(/"reversal_found":true/g)).toHaveLength(2);
      const amended = { ...envelope({ disbursement_schedule_date: dayIn(3) }), disbursement_envelope_id: id };
      await tell(ENVELOPE, 'amend_disbursement_envelope', amended);
      await tell(ENVELOPE, 'cancel_disbursement_envelope', { disbursement_envelope_id: id });
      await tell(ENVELOPE, 'cancel_disbursement_envelope', { disbursement_envelope_id: id });
      return told;
    }

    it('the judge refuses an answer whose status, amount or list is none', () => {
      const header = { message_id: 'm', message_ts: '', action: '', status: 'succ' };
      const answer = { header, message: [{ disbursement_amount: 1 }] };
      const faults = [
        answer,
        { ...answer, header: { ...header, status: 'fine' } },
        { header, message: [{ disbursement_amount: 'x' }] },
        { header, message: {} },
      ];
      const said = judged(
        faults.map((one) => ({ model: 'DisbursementResponse', body: JSON.stringify(one) })),
      );
      expect(said.map((word) => word === null)).toEqual([true, false, false, false]);
    }, 60_000);

    it('reads every answer, of what was taken and of what was refused', async () => {
      const told = await answers();
      expect(told).toHaveLength(14);
      expect(judged(told)).toEqual(told.map(() => null));
    }, 60_000);
  },
);

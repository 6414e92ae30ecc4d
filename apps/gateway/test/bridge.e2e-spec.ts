import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, until } from '../../../tools/testing/path-rig-spec.js';
import { bridgeCall, dayIn, disbursement, envelope, type Fields } from './bridge.rig-spec.js';

const FIXTURES = '../shared/fixtures';
const hasFixtures = existsSync(FIXTURES);

interface Told {
  header: { status: string; status_reason_message: string | null };
  message: unknown;
}

interface Recon {
  remittance_reference_number: string | null;
  remittance_statement_id: string | null;
  reversal_found: boolean;
  reversal_reason: string | null;
}

/** Keys that the client of 2024 reads by name in each entry (interface-a.md 2.4). */
const READ = [
  ...[
    'remittance_reference_number',
    'remittance_statement_id',
    'remittance_entry_sequence',
    'remittance_entry_date',
  ],
  ...['reversal_statement_id', 'reversal_entry_sequence', 'reversal_entry_date', 'reversal_reason'],
];

describe('OpenG2P over the Bridge API 1.0', () => {
  let rig: PathRig;
  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);
  afterAll(() => rig.stop(), 60_000);

  async function send(path: string, body: unknown): Promise<Told> {
    const answer = await rig.post(body, `/api/g2p-bridge/${path}`);
    expect(answer.status).toBe(200);
    return (await answer.json()) as Told;
  }

  const call = (path: string, message: unknown): Promise<Told> => send(path, bridgeCall(message));

  async function opened(change: Fields): Promise<string> {
    const { message } = await call('create_disbursement_envelope', envelope(change));
    return (message as { disbursement_envelope_id: string }).disbursement_envelope_id;
  }

  function idsOf({ header, message }: Told): string[] {
    expect(header.status).toBe('succ');
    return (message as { disbursement_id: string }[]).map(({ disbursement_id: id }) => id);
  }

  /** Polls as the client does until each has an end. */
  function ends(ids: readonly string[]): Promise<Map<string, Recon>> {
    return until(90_000, async () => {
      const { message } = await call('get_disbursement_status', ids);
      const entries = message as {
        disbursement_id: string;
        disbursement_recon_records: { disbursement_recon_payloads: Recon[] };
      }[];
      const found = entries.flatMap(({ disbursement_id: id, disbursement_recon_records: records }) =>
        records.disbursement_recon_payloads.map((payload) => [id, payload] as const),
      );
      return found.length === ids.length ? new Map(found) : undefined;
    });
  }

  (hasFixtures ? it : it.skip)(
    `2.4: the recorded bodies, in their order and of today, are paid and polled to the end${hasFixtures ? '' : ' (shared fixtures are not here)'}`,
    async () => {
      const read = (name: string): { message: unknown } =>
        JSON.parse(readFileSync(join(FIXTURES, `bridge-gen2-${name}.json`), 'utf8')) as { message: unknown };
      const create = read('create-envelope') as { message: Fields };
      create.message.disbursement_schedule_date = dayIn(0);
      const { message } = await send('create_disbursement_envelope', create);
      const { disbursement_envelope_id: id } = message as { disbursement_envelope_id: string };
      const disbursements = read('create-disbursements') as { message: Fields[] };
      for (const one of disbursements.message) one.disbursement_envelope_id = id;
      const ids = idsOf(await send('create_disbursements', disbursements));
      expect(ids).toHaveLength(3);
      const found = await ends(ids);
      for (const payload of found.values()) {
        for (const key of READ) expect(payload).toHaveProperty(key);
        expect(payload.remittance_reference_number).toMatch(/./);
        expect(payload.reversal_found).toBe(false);
      }
      const status = await send('get_disbursement_status', { ...read('disbursement-status'), message: ids });
      expect((status.message as unknown[]).length).toBe(3);
      const asked = await send('get_disbursement_envelope_status', {
        ...read('envelope-status'),
        message: id,
      });
      expect(asked.message).toMatchObject({
        number_of_disbursements_reconciled: 3,
        number_of_disbursements_reversed: 0,
      });
    },
    120_000,
  );

  it('3.1: 1,002 disbursements in one envelope and one call, sent twice as after a lost answer: each is paid once', async () => {
    const count = 1002;
    const id = await opened({
      ...{
        number_of_beneficiaries: count,
        number_of_disbursements: count,
        total_disbursement_amount: 502_503,
      },
      disbursement_schedule_date: dayIn(0),
    });
    const { payments } = await rig.journal();
    const lines = Array.from({ length: count }, (_, nth) =>
      disbursement(id, {
        ...{ beneficiary_id: `account_no:${500_000 + nth}@BANKRWRW`, mis_reference_number: String(nth) },
        disbursement_amount: nth + 1,
      }),
    );
    const ids = idsOf(await call('create_disbursements', lines));
    expect(idsOf(await call('create_disbursements', lines))).toEqual(ids);
    expect(new Set(ids).size).toBe(count);
    const found = await ends(ids);
    expect([...found.values()].filter(({ reversal_found: reversed }) => reversed)).toEqual([]);
    const { payments: paid, double_payments } = await rig.journal();
    expect({ paid: paid - payments, double_payments }).toEqual({ paid: count, double_payments: 0 });
    expect((await call('get_disbursement_envelope_status', id)).message).toMatchObject({
      ...{ number_of_disbursements_received: count, number_of_disbursements_shipped: count },
      ...{ number_of_disbursements_reconciled: count, total_disbursement_amount_received: 502_503 },
    });
  }, 180_000);

  it('2.4: failures, refused addresses and returns appear as reversals with their reason, the only way this client sees them', async () => {
    const id = await opened({ total_disbursement_amount: 1000, disbursement_schedule_date: dayIn(0) });
    const payees = ['account_no:1009990001@BANKRWRW', 'False987650False', 'account_no:1009990006@BANKRWRW'];
    const ids = idsOf(
      await call(
        'create_disbursements',
        payees.map((beneficiary_id, nth) =>
          disbursement(id, { beneficiary_id, mis_reference_number: String(nth) }),
        ),
      ),
    );
    const found = await until(90_000, async () => {
      const all = await ends(ids);
      return all.get(ids[2]!)!.reversal_found ? all : undefined;
    });
    const [failed, malformed, returned] = ids.map((one) => found.get(one)!);
    expect(failed).toMatchObject({
      remittance_reference_number: null,
      reversal_found: true,
      reversal_reason: expect.stringMatching(/payee_unknown/),
    });
    expect(malformed).toMatchObject({
      remittance_reference_number: null,
      reversal_reason: expect.stringMatching(/payee_fa/),
    });
    expect(returned).toMatchObject({
      remittance_reference_number: expect.stringMatching(/./),
      reversal_found: true,
    });
  }, 120_000);
});

import { readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApiRig, disburse, line, type Json } from './api.rig-spec.js';

let rig: ApiRig;
beforeAll(async () => {
  rig = await ApiRig.start();
}, 60_000);
afterAll(() => rig.stop(), 30_000);

async function get(path: string): Promise<Json> {
  const answer = await fetch(`${rig.urls[0]!}${path}`, { headers: { 'X-API-Key': 'strict-dev-key' } });
  expect(answer.status).toBe(200);
  return (await answer.json()) as Json;
}

describe('batch status API', () => {
  it('pages lose no batch, also where many were stored in the same millisecond', async () => {
    const sent = Array.from({ length: 7 }, () => randomUUID());
    for (const transaction of sent) await rig.strict('/disburse', disburse(transaction, [line()]));
    await rig.record.rows(
      `UPDATE batch SET received_at = timestamptz '2026-11-24T08:00:00.123Z' + n * interval '1 microsecond'
         FROM (SELECT batch_id AS id, row_number() OVER () AS n FROM batch) b WHERE batch_id = b.id`,
    );
    const found: unknown[] = [];
    let after: unknown = '';
    do {
      const page = await get(`/api/v1/batches?limit=2${after === '' ? '' : `&after=${String(after)}`}`);
      found.push(...(page.batches as Json[]).map(({ transaction_id }) => transaction_id));
      after = page.next;
    } while (after !== null);
    expect(found.toSorted()).toEqual(sent.toSorted());
  });

  it('one disbursement is answered in exactly the shape that the OpenAPI description names', async () => {
    const [row] = await rig.record.rows<{ disbursement_id: string }>(
      'SELECT disbursement_id FROM disbursement LIMIT 1',
    );
    const detail = await get(`/api/v1/disbursements/${row!.disbursement_id}`);
    const { components } = JSON.parse(readFileSync('openapi/gateway.json', 'utf8')) as {
      components: { schemas: Record<string, { properties: Json }> };
    };
    const described = Object.keys(components.schemas.DisbursementDetailDto!.properties);
    expect(Object.keys(detail).toSorted()).toEqual(described.toSorted());
  });
});

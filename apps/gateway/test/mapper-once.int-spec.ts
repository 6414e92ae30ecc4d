import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { ApiRig, disburse } from './api.rig-spec.js';

interface Request {
  message: { transaction_id: string; resolve_request: { reference_id: string; id: string }[] };
}

/** Every id that the mapper was asked about, in the order of the questions. */
const asked: string[] = [];

/** A mapper that knows everybody, and counts. */
function answerOf(text: string): string {
  const { message } = JSON.parse(text) as Request;
  const resolve_response = message.resolve_request.map(({ reference_id, id }) => {
    asked.push(id);
    return { reference_id, status: 'succ', fa: `account_no:${asked.length}@BANKRWRW` };
  });
  return JSON.stringify({
    header: { status: 'succ' },
    message: { transaction_id: message.transaction_id, resolve_response },
  });
}

describe('a batch asks about a person once', () => {
  let rig: ApiRig;
  let server: Server;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = '';
      request.on('data', (part: Buffer) => (text += part.toString()));
      request.on('end', () => response.end(answerOf(text)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/resolve`;
    rig = await ApiRig.start(1, { openg2p: { mapper: { resolve: 'when-id', url, form: 'g2p-connect' } } });
  }, 60_000);
  beforeEach(async () => {
    asked.length = 0;
    await rig.record.clear();
  });
  afterAll(async () => {
    await rig.stop();
    await new Promise((resolve) => server.close(resolve));
  });

  /** Sends lines to these payees, and waits for their accounts. */
  async function paid(transaction: string, payees: readonly string[]): Promise<string[]> {
    const lines = payees.map((payee_fa) => ({
      reference_id: randomUUID(),
      payee_fa,
      amount: '1.00',
      currency_code: 'KES',
    }));
    expect((await rig.openg2p('/disburse', disburse(transaction, lines))).status).toBe(200);
    return until(20_000, async () => {
      const rows = await rig.record.rows<{ payee_id: string; unresolved: boolean }>(
        `SELECT d.payee_id, d.unresolved FROM disbursement d JOIN batch b USING (batch_id) WHERE b.transaction_id = $1 ORDER BY d.line_no`,
        [transaction],
      );
      return rows.some(({ unresolved }) => unresolved) ? undefined : rows.map(({ payee_id: id }) => id);
    });
  }

  const [ann, ben] = ['token:ann@nationalId', 'token:ben@nationalId'];

  it('whose second payment comes in another range, and pays both at the same account', async () => {
    const transaction = randomUUID();
    expect(await paid(transaction, [ann])).toEqual(['1']);
    expect(await paid(transaction, [ann, ben, ann])).toEqual(['1', '1', '2', '1']);
    expect(asked).toEqual([ann, ben]);
  });

  it('and again where the answer is no longer of this moment, or the batch another one', async () => {
    const transaction = randomUUID();
    await paid(transaction, [ann]);
    await rig.record.rows(`UPDATE disbursement SET resolved_at = now() - interval '11 minutes'`);
    expect(await paid(transaction, [ann])).toEqual(['1', '2']);
    expect(await paid(randomUUID(), [ann])).toEqual(['3']);
    expect(asked).toEqual([ann, ann, ann]);
  });
});

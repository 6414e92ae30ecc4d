import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { SearchResponseDto, TxnStatusResponseDto, compileDto } from '@gpo/g2p-connect-schemas';
import { TestReceiver, type Heard } from '../../../tools/testing/test-receiver-spec.js';
import { until } from '../../../tools/testing/path-rig-spec.js';
import { ApiRig, criteria, disburse, line, question, type Answer, type Json } from './api.rig-spec.js';

let receiver: TestReceiver;
let rig: ApiRig;
beforeAll(async () => {
  receiver = await TestReceiver.start();
  const strict = { callback_url: receiver.url('/g2p/on-disburse') };
  rig = await ApiRig.start(2, { strict }, { CALLBACK_RETRY_SECONDS: '0.2,0.2,0.2' });
}, 60_000);
afterEach(() => {
  receiver.reply = () => 200;
});
afterAll(async () => {
  await rig.stop();
  await receiver.stop();
}, 30_000);

const invalidSearch = compileDto(SearchResponseDto);
const invalidStatus = compileDto(TxnStatusResponseDto);

const withHeader = (message: Json, header: Json): Json => ({
  ...message,
  header: { ...(message.header as Json), ...header },
});
const ackOf = ({ body }: Answer): Json => body.message;

/** The answer to the question with this Ack, once it has come. */
function answerTo(ack: Json): Promise<Heard> {
  const id = ack.correlation_id;
  return until(10_000, () =>
    Promise.resolve(receiver.heard.find(({ message }) => message.correlation_id === id)),
  );
}

/** Waits until nothing is on its way, then counts the calls that carry this answer. */
async function timesTold(ack: Json): Promise<number> {
  await until(10_000, async () => {
    const open = await rig.record.rows('SELECT FROM callback WHERE next_at IS NOT NULL');
    return open.length === 0 ? true : undefined;
  });
  return receiver.heard.filter(({ message }) => message.correlation_id === ack.correlation_id).length;
}

async function sent(): Promise<{ transaction: string; one: Json & { reference_id: string } }> {
  const transaction = randomUUID();
  const one = line({ payee_fa: `phone:+2547${String(Math.random()).slice(2, 10)}@mpesa` });
  await rig.strict('/disburse', disburse(transaction, [one]));
  return { transaction, one };
}

describe('asynchronous questions of a strict sender', () => {
  it('D4, D24, D25: a search is acknowledged at once and answered by one on-search with the same correlation_id', async () => {
    const { one } = await sent();
    const ack = ackOf(await rig.strict('/disburse/search', criteria('payee_fa', String(one.payee_fa))));
    expect(ack).toEqual({
      ack_status: 'ACK',
      timestamp: expect.stringMatching(/Z$/),
      correlation_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const told = await answerTo(ack);
    expect(told.path).toBe('/g2p/on-search');
    expect(told.header).toMatchObject({ action: 'on-search', status: 'succ', total_count: 1 });
    expect(told.message).toMatchObject({
      transaction_id: 'q',
      disbursements_status: [
        { reference_id: one.reference_id, status: 'pdng', amount: '10.00', payee_fa: one.payee_fa },
      ],
    });
    expect(invalidSearch(JSON.parse(told.text) as Json)).toEqual([]);
    expect(await timesTold(ack)).toBe(1);
  });

  it('D4, D24: a status question is answered by one txn/on-status, with action and txn_type on-disburse', async () => {
    const { transaction, one } = await sent();
    const ack = ackOf(await rig.strict('/disburse/txn/status', question('transaction_id', transaction)));
    const told = await answerTo(ack);
    expect(told.path).toBe('/g2p/txn/on-status');
    expect(told.header.action).toBe('on-disburse');
    expect(told.message).toMatchObject({
      transaction_id: 'q',
      correlation_id: ack.correlation_id,
      txnstatus_response: {
        txn_type: 'on-disburse',
        txn_status: {
          transaction_id: transaction,
          disbursements_status: [{ reference_id: one.reference_id, status: 'pdng' }],
        },
      },
    });
    expect(invalidStatus(JSON.parse(told.text) as Json)).toEqual([]);
    expect(await timesTold(ack)).toBe(1);
  });

  it('D8: a list of references, which may span transactions, is answered with a list', async () => {
    const [first, second] = [await sent(), await sent()];
    const references = [first.one.reference_id, second.one.reference_id, 'unknown'];
    const ack = ackOf(await rig.strict('/disburse/txn/status', question('reference_id_list', references)));
    const { message } = await answerTo(ack);
    const { txn_status } = message.txnstatus_response as { txn_status: Json[] };
    expect(txn_status.map(({ reference_id }) => reference_id).toSorted()).toEqual(
      references.slice(0, 2).toSorted(),
    );
  });

  it('D7: the status of a search is a SearchResponse, by its transaction, its correlation id or its criteria', async () => {
    const { one } = await sent();
    const transaction = randomUUID();
    const search = criteria('payee_fa', String(one.payee_fa));
    (search.message as Json).transaction_id = transaction;
    const asked = ackOf(await rig.strict('/disburse/search', search));
    const statusOf = (by: string, value: unknown): Json => {
      const status = question(by, value);
      ((status.message as Json).txnstatus_request as Json).txn_type = 'search';
      return status;
    };
    for (const [by, value] of [
      ['transaction_id', transaction],
      ['correlation_id', asked.correlation_id],
    ] as const) {
      const ack = ackOf(await rig.strict('/disburse/txn/status', statusOf(by, value)));
      const { header, message } = await answerTo(ack);
      expect(header.action).toBe('on-search');
      expect(message.txnstatus_response).toMatchObject({
        txn_type: 'on-search',
        txn_status: {
          transaction_id: transaction,
          correlation_id: asked.correlation_id,
          disbursements_status: [{ reference_id: one.reference_id, payee_fa: one.payee_fa }],
        },
      });
    }
    const sync = await rig.strict('/disburse/sync/txn/status', statusOf('reference_id_list', ['c-1']));
    expect(sync.body.message.txnstatus_response.txn_status).toContainEqual(
      expect.objectContaining({ reference_id: one.reference_id }),
    );
    const foreign = await rig.openg2p('/disburse/txn/status', statusOf('transaction_id', transaction));
    expect(foreign.body.message.txnstatus_response.txn_status).toEqual({
      transaction_id: 'q',
      disbursements_status: [],
    });
  });

  it('D15: the answer goes to sender_uri where the message names one, and a foreign host is refused', async () => {
    const search = criteria('payee_fa', 'phone:1@x');
    const named = { sender_uri: receiver.url('/elsewhere') };
    const ack = ackOf(await rig.strict('/disburse/search', withHeader(search, named)));
    expect((await answerTo(ack)).path).toBe('/elsewhere/on-search');
    const foreign = withHeader(search, { sender_uri: 'https://evil.example/', message_id: randomUUID() });
    expect(await rig.strict('/disburse/search', foreign)).toMatchObject({
      status: 400,
      body: { message: { ack_status: 'ERR', error: { code: 'err.sender_uri.invalid' } } },
    });
  });

  it('D29: questions are taken at every prefix', async () => {
    for (const prefix of ['/kenya/v1.0.0', '/api/payments']) {
      const ack = ackOf(await rig.strict(`${prefix}/disburse/search`, criteria('payee_fa', 'phone:1@x')));
      expect((await answerTo(ack)).message.disbursements_status).toMatchObject([
        { reference_id: 'c-1', status: 'rjct', status_reason_code: 'rjct_srch_reference_id.not_found' },
      ]);
    }
  });

  it('profile openg2p keeps its answer at the same paths, and no callback follows', async () => {
    const before = receiver.heard.length;
    const status = await rig.openg2p('/disburse/txn/status', question('reference_id_list', ['unknown']));
    expect(status.body.message.txnstatus_response.txn_status).toEqual([]);
    const search = await rig.openg2p('/disburse/search', criteria('payee_fa', 'phone:1@x'));
    expect(search.body.header.action).toBe('on-search');
    expect(await timesTold(status.body.message)).toBe(0);
    expect(receiver.heard).toHaveLength(before);
  });

  it('D13: the same question to two gateways at the same instant, 20 times: one Ack and one answer each', async () => {
    for (let time = 0; time < 20; time += 1) {
      const asked = criteria('payee_fa', 'phone:1@x');
      const [one, two] = await Promise.all([
        rig.strict('/disburse/search', asked, 0),
        rig.strict('/disburse/search', asked, 1),
      ]);
      expect(ackOf(one)).toMatchObject({ ack_status: 'ACK', correlation_id: ackOf(two).correlation_id });
      await answerTo(ackOf(one));
      expect(await timesTold(ackOf(one))).toBe(1);
    }
  });

  it('D13: another question, or a batch, under a used message_id is refused', async () => {
    const header = { message_id: randomUUID() };
    await rig.strict('/disburse/search', withHeader(criteria('payee_fa', 'phone:1@x'), header));
    const refused = { status: 400, body: { message: { error: { code: 'rjct.message_id.duplicate' } } } };
    const other = withHeader(criteria('payee_fa', 'phone:2@x'), header);
    expect(await rig.strict('/disburse/search', other)).toMatchObject(refused);
    expect(await rig.strict('/disburse', disburse(randomUUID(), [line()], header))).toMatchObject(refused);
  });

  it('the answer is fixed when it is first sent: the same message_id and bytes over tries, whatever changed meanwhile', async () => {
    const { transaction } = await sent();
    let left = 2;
    receiver.reply = ({ path }) => (path.endsWith('on-status') && (left -= 1) >= 0 ? 500 : 200);
    const ack = ackOf(await rig.strict('/disburse/txn/status', question('transaction_id', transaction)));
    await answerTo(ack);
    await rig.record.rows(
      `UPDATE disbursement d SET state = 'failed' FROM batch b
        WHERE b.batch_id = d.batch_id AND b.transaction_id = $1`,
      [transaction],
    );
    expect(await timesTold(ack)).toBe(3);
    const tries = receiver.heard.filter(({ message }) => message.correlation_id === ack.correlation_id);
    expect(new Set(tries.map(({ text }) => text)).size).toBe(1);
    expect(new Set(tries.map(({ header }) => header.message_id)).size).toBe(1);
  });

  it('100 questions to two gateways that share the work: each is answered once, never twice at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        index % 2 === 0
          ? rig.strict('/disburse/search', criteria('payee_fa', `phone:${index}@x`), index % 3 === 0 ? 0 : 1)
          : rig.strict(
              '/disburse/txn/status',
              question('transaction_id', `t-${index}`),
              index % 3 === 0 ? 0 : 1,
            ),
      ),
    );
    for (const one of asked) await answerTo(ackOf(one));
    const counts = await Promise.all(asked.map((one) => timesTold(ackOf(one))));
    expect(counts).toEqual(asked.map(() => 1));
    expect(receiver.sameAtOnceMax).toBe(1);
  });
});

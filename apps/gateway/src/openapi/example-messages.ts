/** Messages as they go over the wire, made up for the description; a test holds each against its schema. */

const CORRELATION = '8f4c1a52-6d0e-4c1b-9a63-52d4be0c7f11';
const [FIRST, SECOND] = ['c0ffee00-0000-4000-8000-000000000001', 'c0ffee00-0000-4000-8000-000000000002'];

const requestHeader = (action: string, total_count: number): Record<string, unknown> => ({
  version: '1.0.0',
  message_id: '5b0d5a0e-2c5e-4c62-8d5c-b5a1a3d1f0aa',
  message_ts: '2026-11-24T08:00:00Z',
  action,
  sender_id: 'strict.example.org',
  sender_uri: 'https://programme.example.org/g2p',
  receiver_id: 'gpo',
  total_count,
  is_msg_encrypted: false,
});

/** What a client that keeps to the specification sends. */
export const strictBatch = {
  signature: '',
  header: requestHeader('disburse', 2),
  message: {
    transaction_id: 'cycle-2026-11-kitui',
    disbursements: [
      {
        reference_id: FIRST,
        payer_fa: 'account_no:1@TREASURY',
        payee_fa: 'phone:+254700100001@mpesa',
        amount: '1500.00',
        payee_name: 'Wanjiku Example',
        note: 'Cash transfer November',
        purpose: 'Cash for Schools',
        currency_code: 'KES',
        locale: 'eng',
      },
      {
        reference_id: SECOND,
        payer_fa: 'account_no:1@TREASURY',
        payee_fa: 'account_no:1234567@BANKRWRW',
        amount: '250.50',
        scheduled_timestamp: '2026-12-01T06:00:00Z',
        payee_name: 'Mutua Example',
        currency_code: 'KES',
        locale: 'en_US',
      },
    ],
  },
};

/** What OpenG2P 17 and the like send: naive times, no payer, amounts as a float prints, more in the count than in the list. */
export const deployedBatch = {
  signature: 'Signature: namespace="g2p"',
  header: {
    message_id: 'f1f30f5f-3d0e-4b0a-86a3-6ad0f7b2f3b1',
    message_ts: '2026-11-24 08:00:00.850324',
    action: 'disburse',
    sender_id: 'payments.openg2p.org',
    receiver_id: 'pymts.example.org',
    total_count: 3,
  },
  message: {
    transaction_id: '5f0c7c2e-9e14-4e0c-8d25-6f2d3d6f4a10',
    disbursements: [
      {
        reference_id: FIRST,
        payer_fa: '',
        payee_fa: 'account_no:000123@BANKKENX',
        amount: '1234.5',
        scheduled_timestamp: '2026-11-24 08:00:00.850371',
        payee_name: 'Payee Example',
        note: 'Payment for Cycle 1 under Cash for Schools',
        purpose: 'Cash for Schools',
        currency_code: 'KES',
        locale: 'eng',
      },
    ],
  },
};

/** A form with a file. */
export const filledForm = {
  action: 'disburse',
  fileFormat: 'csv',
  transaction_id: 'cycle-2026-11-kitui-list',
  fileName: [
    'reference_id,payee_fa,amount,currency_code,payee_name',
    `${FIRST},phone:+254700100001@mpesa,1500.00,KES,"Example, Wanjiku"`,
    `${SECOND},account_no:1234567@BANKRWRW,250.50,KES,Mutua Example`,
    '',
  ].join('\n'),
};

export const ack = {
  message: { ack_status: 'ACK', timestamp: '2026-11-24T08:00:00.120Z', correlation_id: CORRELATION },
};

export const nack = {
  message: {
    ack_status: 'NACK',
    timestamp: '2026-11-24T08:00:00.120Z',
    correlation_id: CORRELATION,
    error: {
      code: 'rjct.reference_id.duplicate',
      message:
        'The reference exists with another payer, payee, amount or currency; nothing of it was changed.',
    },
  },
};

const answerHeader = (
  action: string,
  status: string,
  total: number,
  final: number,
): Record<string, unknown> => ({
  version: '1.0.0',
  message_id: 'e6a1e9f4-3f35-4a3b-8b57-0e8f9a1f6c55',
  message_ts: '2026-11-24T08:00:09.481Z',
  action,
  status,
  total_count: total,
  completed_count: final,
  sender_id: 'gpo',
  receiver_id: 'strict',
  is_msg_encrypted: false,
});

const line = (
  reference_id: string | undefined,
  status: string,
  more: Record<string, unknown> = {},
): Record<string, unknown> => ({
  reference_id,
  timestamp: '2026-11-24T08:00:08.902Z',
  status,
  amount: '1500.00',
  payer_fa: 'account_no:1@TREASURY',
  payee_fa: 'phone:+254700100001@mpesa',
  currency_code: 'KES',
  ...more,
});

const refusedByRail = line(SECOND, 'rjct', {
  status_reason_code: 'rjct.payment.failed',
  status_reason_message: 'payee_unknown: the account is not known to the bank',
  amount: '250.50',
  payee_fa: 'account_no:1234567@BANKRWRW',
});

const fates = (...disbursements_status: Record<string, unknown>[]): Record<string, unknown> => ({
  transaction_id: 'cycle-2026-11-kitui',
  correlation_id: CORRELATION,
  disbursements_status,
});

export const received = {
  signature: '',
  header: answerHeader('on-disburse', 'rcvd', 2, 0),
  message: fates(
    line(FIRST, 'rcvd'),
    line(SECOND, 'rjct', {
      status_reason_code: 'rjct.payee_fa.invalid',
      status_reason_message: 'rjct.payee_fa.invalid',
    }),
  ),
};

export const callback = {
  signature: '',
  header: {
    ...answerHeader('on-disburse', 'succ', 2, 2),
    meta: { batch_id: '1f3e5d7c-0000-8000-8000-000000000001', version: 1 },
  },
  message: fates(line(FIRST, 'succ'), refusedByRail),
};

export const found = {
  header: answerHeader('on-search', 'succ', 1, 1),
  message: fates(line(FIRST, 'succ')),
};

const status = (txn_status: unknown): Record<string, unknown> => ({
  header: answerHeader('on-disburse', 'succ', 2, 2),
  message: {
    transaction_id: 'question-17',
    correlation_id: CORRELATION,
    txnstatus_response: { txn_type: 'on-disburse', txn_status },
  },
});

export const list = status([line(FIRST, 'succ'), refusedByRail]);
export const object = status(fates(line(FIRST, 'succ'), refusedByRail));

const question = (attribute_type: string, attribute_value: unknown): Record<string, unknown> => ({
  header: requestHeader('status', 1),
  message: {
    transaction_id: 'question-17',
    txnstatus_request: { reference_id: 'q-1', txn_type: 'disburse', attribute_type, attribute_value },
  },
});

export const byReferences = question('reference_id_list', [FIRST, SECOND]);
export const byTransaction = question('transaction_id', 'cycle-2026-11-kitui');

export const search = {
  header: requestHeader('search', 1),
  message: {
    transaction_id: 'question-18',
    search_criteria: [
      {
        reference_id: 'c-1',
        request_type: 'disburse',
        attribute_type: 'payee_fa',
        attribute_value: 'phone:+254700100001@mpesa',
      },
    ],
  },
};

export const refusal = {
  message: {
    ack_status: 'ERR',
    timestamp: '2026-11-24T08:00:00.120Z',
    correlation_id: CORRELATION,
    error: { code: 'err.request.bad', message: 'The message has no disbursements array.' },
  },
  errors: [{ code: 'err.request.bad', message: 'The message has no disbursements array.' }],
};

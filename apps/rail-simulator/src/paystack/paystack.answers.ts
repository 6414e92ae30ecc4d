import type { Recipient, Transfer } from './paystack.ledger.js';

const INTEGRATION = 100_032;

/** `data` of TransferRecipientCreateResponse. */
export function recipientData(recipient: Recipient): object {
  return { ...recipientFields(recipient), is_deleted: false, isDeleted: false };
}

/** `data` of TransferCreateResponse. */
export function createdData(transfer: Transfer): object {
  return {
    ...transferFields(transfer),
    recipient: transfer.to.id,
    request: transfer.id,
    transfersessionid: [],
    transfertrials: [],
  };
}

/** `data` of TransferVerifyResponse, and of a webhook. */
export function verifyData(transfer: Transfer): object {
  return {
    ...transferFields(transfer),
    recipient: { ...recipientFields(transfer.to), is_deleted: false },
    session: { provider: null, id: null },
    gateway_response: null,
  };
}

/** One item of TransferBulkResponse. */
export function bulkItem(transfer: Transfer): object {
  const { reference, recipient, amount, code, currency, status } = transfer;
  return { reference, recipient, amount, transfer_code: code, currency, status };
}

function transferFields(transfer: Transfer): object {
  const { amount, currency, id, reason, reference, status, code, acceptedAt, changedAt, executed } = transfer;
  return {
    amount,
    createdAt: acceptedAt,
    currency,
    domain: 'test',
    failures: null,
    id,
    integration: INTEGRATION,
    reason,
    reference,
    source: 'balance',
    source_details: null,
    status,
    titan_code: null,
    transfer_code: code,
    transferred_at: executed ? changedAt : null,
    updatedAt: changedAt,
  };
}

function recipientFields(recipient: Recipient): object {
  const { id, code, type, name, currency, account_number, bank_code, at } = recipient;
  return {
    active: true,
    createdAt: at,
    currency,
    description: '',
    domain: 'test',
    email: '',
    id,
    integration: INTEGRATION,
    name,
    recipient_code: code,
    type,
    updatedAt: at,
    details: {
      authorization_code: '',
      account_number,
      account_name: name,
      bank_code,
      bank_name: `Bank ${bank_code}`,
    },
  };
}

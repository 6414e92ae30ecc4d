import { exponentOf, fromMinor, type Answer } from './gsma.message.js';
import type { Payment, Refusal } from './ledger.js';

const POLL_LIMIT = 1_000;

/** components/schemas/responseTransaction. */
export function transactionBody(payment: Payment): object {
  return {
    transactionReference: payment.transactionReference,
    transactionStatus: payment.state,
    type: 'disbursement',
    ...payment.body,
    creationDate: payment.acceptedAt,
    modificationDate: payment.changedAt,
  };
}

/** components/schemas/requestStateObject. */
export function requestStateBody(request: Payment | Refusal): object {
  const base = { serverCorrelationId: request.serverCorrelationId, pollLimit: POLL_LIMIT };
  if (request.kind === 'refusal') {
    return { ...base, status: 'failed', notificationMethod: 'polling', error: request.error };
  }
  return {
    ...base,
    status: STATUS[request.state],
    notificationMethod: request.callbackUrl === undefined ? 'polling' : 'callback',
    objectReference: request.transactionReference,
    ...(request.error === undefined ? {} : { error: request.error }),
  };
}

/** The POST of the synchronous flow: the transaction itself. */
export function completedAnswer(payment: Payment): Answer {
  return { status: 201, body: transactionBody(payment) };
}

/** What the POST is answered otherwise: pending, as the client's fate comes by callback or query. */
export function acceptedAnswer(payment: Payment): Answer {
  return {
    status: 202,
    body: {
      serverCorrelationId: payment.serverCorrelationId,
      status: 'pending',
      notificationMethod: payment.callbackUrl === undefined ? 'polling' : 'callback',
      objectReference: payment.transactionReference,
      pollLimit: POLL_LIMIT,
    },
  };
}

/** GET /responses: a link below the provider's base path, to the transaction or to the failed request. */
export function linkBody(request: Payment | Refusal): object {
  if (request.kind === 'payment' && request.state !== 'failed') {
    return { link: `/transactions/${request.transactionReference}` };
  }
  return { link: `/requeststates/${request.serverCorrelationId}` };
}

/** components/schemas/responseAccountBalance. */
export function balanceBody(currency: string, minor: bigint): object {
  const amount = fromMinor(minor, exponentOf(currency) ?? 2);
  return { accountStatus: 'available', currentBalance: amount, availableBalance: amount, currency };
}

const STATUS: Readonly<Record<Payment['state'], string>> = {
  pending: 'pending',
  completed: 'completed',
  reversed: 'completed',
  failed: 'failed',
};

import { operationsOf, schemaRef, type OpenAPIObject } from './document.js';

interface Callback {
  /** Name in the document: the verb. */
  verb: 'on-disburse' | 'on-search' | 'on-status';
  schema: string;
  summary: string;
  example: string;
}

const ON_DISBURSE: Callback = {
  verb: 'on-disburse',
  schema: 'DisburseSyncResponseDto',
  summary: 'The fates of the lines that became final since the callback before; each line once.',
  example: 'callback',
};

/** Which message of ours answers which message of a sender. */
const CALLBACKS: Readonly<Record<string, Callback>> = {
  '/disburse': ON_DISBURSE,
  '/disburse/sync/disburse': ON_DISBURSE,
  '/disburse/search': {
    verb: 'on-search',
    schema: 'SearchResponseDto',
    summary: 'What was found, where the Ack was ACK.',
    example: 'found',
  },
  '/disburse/txn/status': {
    verb: 'on-status',
    schema: 'TxnStatusResponseDto',
    summary: 'The status, where the Ack was ACK.',
    example: 'list',
  },
};

const ADDRESS =
  'Called at header.sender_uri: exactly, where its path ends with the verb, else with the verb added. Where it is ' +
  'absent, the registered address is called. header.message_id stays the same over all tries.';

/** Adds the messages that are posted to the sender later to the operations that cause them. */
export function describeCallbacks(document: OpenAPIObject): void {
  for (const { path, method, operation } of operationsOf(document)) {
    const callback = method === 'post' ? CALLBACKS[path] : undefined;
    if (callback === undefined) continue;
    operation.callbacks = {
      [callback.verb]: {
        '{$request.body#/header/sender_uri}': {
          post: {
            operationId: `${operation.operationId ?? path}_${callback.verb}`,
            summary: callback.summary,
            description: ADDRESS,
            requestBody: {
              required: true,
              content: { 'application/json': { schema: schemaRef(callback.schema) } },
            },
            responses: {
              '2XX': { description: 'Taken. The body is not read; an Ack is welcome.' },
              default: { description: 'Not taken: tried again for days, then kept as abandoned.' },
            },
          },
        },
      },
    };
  }
}

/** The name of the example that shows this callback. */
export function callbackExample(path: string): string | undefined {
  return CALLBACKS[path]?.example;
}

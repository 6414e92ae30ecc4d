import * as messages from './example-messages.js';
import { callbackExample } from './callbacks.js';
import { operationsOf, type OpenAPIObject, type Operation } from './document.js';

type Name = Exclude<keyof typeof messages, 'refusal' | 'filledForm'>;

const SUMMARY: Readonly<Record<Name, string>> = {
  strictBatch: 'As the specification has it (profile strict).',
  deployedBatch: 'As OpenG2P and OpenSPP send it (profile openg2p).',
  ack: 'Stored; callbacks follow.',
  nack: 'Valid, and nothing follows.',
  received: 'One line stored, one refused.',
  callback: 'One line paid, one refused by its rail; the last callback of the batch.',
  search: 'Who was paid at this number?',
  found: 'One disbursement.',
  byReferences: 'By the references of lines.',
  byTransaction: 'By the transaction.',
  list: 'For a list of references: they may span transactions.',
  object: 'For a transaction or a correlation id.',
};

/** What is shown where: bodies of requests, and of answers with HTTP 200. */
const SHOWN: Readonly<Record<string, { request: readonly Name[]; answer: readonly Name[] }>> = {
  '/disburse': { request: ['strictBatch', 'deployedBatch'], answer: ['ack', 'nack'] },
  '/disburse/sync/disburse': { request: ['strictBatch', 'deployedBatch'], answer: ['received'] },
  '/disburse/search': { request: ['search'], answer: ['ack', 'found'] },
  '/disburse/sync/search': { request: ['search'], answer: ['found'] },
  '/disburse/txn/status': { request: ['byReferences', 'byTransaction'], answer: ['ack', 'list', 'object'] },
  '/disburse/sync/txn/status': { request: ['byReferences', 'byTransaction'], answer: ['list', 'object'] },
};

/** Shows messages where the document describes them. */
export function describeExamples(document: OpenAPIObject): void {
  for (const { path, operation } of operationsOf(document)) {
    const shown = SHOWN[path];
    if (shown !== undefined) {
      show(operation.requestBody, shown.request);
      show(operation.responses['200'], shown.answer);
    }
    const example = callbackExample(path) as Name | undefined;
    if (example !== undefined) for (const post of callbackPosts(operation)) show(post.requestBody, [example]);
    const bad = jsonContent(operation.responses['400']);
    if (bad !== undefined) bad.examples = { refusal: { summary: 'Refused.', value: messages.refusal } };
  }
}

function callbackPosts({ callbacks = {} }: Operation): Operation[] {
  return Object.values(callbacks).flatMap((callback) =>
    Object.values(callback).flatMap((item: { post?: Operation }) =>
      item.post === undefined ? [] : [item.post],
    ),
  );
}

interface Content {
  examples?: Record<string, unknown>;
}

function jsonContent(body: unknown): Content | undefined {
  const { content } = (body ?? {}) as { content?: Record<string, Content> };
  return content?.['application/json'];
}

function show(body: unknown, names: readonly Name[]): void {
  const content = jsonContent(body);
  if (content === undefined) return;
  content.examples = Object.fromEntries(
    names.map((name) => [name, { summary: SUMMARY[name], value: messages[name] }]),
  );
}

import { closeAnswers, type Document, type Schema } from './closed-document.js';

/** One caller of the API, with the credentials of examples/senders.json, and what it sends. */
export interface Caller {
  name: string;
  headers: Readonly<Record<string, string>>;
  /** Description from which cases are made. */
  document: (facts: Facts) => Document;
  /** Only these paths. */
  paths?: string;
  /** Share of the cases. */
  share: number;
}

/** Ids that exist, so that questions about one thing find it. */
export interface Facts {
  batchIds: readonly string[];
  disbursementIds: readonly string[];
}

export function callers(published: Document): Caller[] {
  const wide = ({ batchIds, disbursementIds }: Facts): Document =>
    withKnownIds(closeAnswers(published), { batch_id: batchIds, disbursement_id: disbursementIds });
  return [
    {
      name: 'openg2p',
      headers: { Authorization: `Basic ${btoa('openg2p:openg2p')}` },
      document: wide,
      share: 2,
    },
    { name: 'strict', headers: { 'X-API-Key': 'strict-dev-key' }, document: wide, share: 1 },
    {
      name: 'right-header',
      headers: { 'X-API-Key': 'strict-dev-key' },
      document: (facts) => withRightHeader(wide(facts)),
      paths: '^/disburse',
      share: 2,
    },
    {
      name: 'operator',
      headers: { Authorization: 'Bearer operator-dev-key' },
      document: wide,
      paths: '^/(api|health|metrics)',
      share: 2,
    },
    { name: 'nobody', headers: {}, document: wide, share: 1 },
  ];
}

interface Parameter {
  name: string;
  in: string;
  schema: unknown;
}

function withKnownIds(document: Document, known: Readonly<Record<string, readonly string[]>>): Document {
  for (const item of Object.values(document.paths)) {
    for (const operation of Object.values(item)) {
      const { parameters = [] } = operation as { parameters?: Parameter[] };
      for (const parameter of parameters) {
        const ids = parameter.in === 'path' ? (known[parameter.name] ?? []) : [];
        if (ids.length > 0) parameter.schema = { anyOf: [{ enum: ids }, parameter.schema] };
      }
    }
  }
  return document;
}

/** Most headers that are made at random are refused; with a right one, the cases reach what lies behind. */
function withRightHeader(document: Document): Document {
  const { schemas } = document.components;
  Object.assign(schemas.RequestHeaderDto!.properties!, {
    version: { type: 'string', enum: ['1.0.0'] },
    message_ts: { type: 'string', enum: ['2026-11-24T08:00:00Z'] },
    action: { type: 'string', enum: ['status', 'string', ''] },
    sender_id: { type: 'string', enum: ['strict.example.org'] },
    sender_uri: { type: 'string', enum: ['http://127.0.0.1:1/on-disburse'] },
    total_count: { type: 'integer', enum: [1] },
    is_msg_encrypted: { type: 'boolean', enum: [false] },
  });
  const lines = schemas.DisburseRequestMessageDto!.properties!.disbursements as Schema;
  Object.assign(lines, { minItems: 1, maxItems: 1 });
  return document;
}

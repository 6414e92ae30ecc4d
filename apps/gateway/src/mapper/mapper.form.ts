import { createHash } from 'node:crypto';

/** Largest answer of a mapper, in bytes: 1,000 ids with everything the specification lets it say of each. */
export const MAPPER_ANSWER_BYTES_MAX = 8_388_608;

/** Where on-resolve comes in. */
export const ON_RESOLVE_PATH = /^\/mapper\/on-resolve\/?(?:\?|$)/;

/** What goes out with one call. */
export interface ResolveQuestion {
  /** transaction_id of the call, and by which an asynchronous answer is found again. */
  questionId: string;
  gatewayId: string;
  /** ISO 8601. */
  now: string;
  /** Where an asynchronous answer goes; '' otherwise. */
  answerTo: string;
  /** Beneficiary ids, each once. */
  ids: readonly string[];
}

/** What a mapper said of one id. `fa` undefined = it does not know it. */
export interface ResolveAnswer {
  reference: string;
  fa: unknown;
}

/** The mapper's answer is not one; it is asked again. The message holds nothing of the answer. */
export class BadMapperAnswer extends Error {
  override readonly name = 'BadMapperAnswer';
}

interface Form {
  /** The answer comes later, by a request to us. */
  isAsync: boolean;
  body(question: ResolveQuestion): unknown;
  /** @throws BadMapperAnswer */
  answers(body: unknown): ResolveAnswer[];
}

/**
 * The shapes that mappers speak (interface A, section 5; D28: in the specification's mapper file every enumeration says
 * `link`, so the action is `resolve` and that of an answer is not looked at).
 * - g2p-connect: the specification's POST /mapper/sync/resolve; SPAR 1.0 (…/mapper/v1/mapper/sync/resolve) and 1.1 (/sync/resolve).
 * - g2p-connect-async: POST /mapper/resolve, answered to /mapper/on-resolve.
 * - spar-2: POST /mapper/resolve with request_header and request_body; the address is an object.
 */
const FORMS = {
  'g2p-connect': { isAsync: false, body: connectBody, answers: connectAnswers },
  'g2p-connect-async': { isAsync: true, body: connectBody, answers: connectAnswers },
  'spar-2': { isAsync: false, body: spar2Body, answers: spar2Answers },
} as const satisfies Record<string, Form>;

export type MapperForm = keyof typeof FORMS;

export const MAPPER_FORMS = Object.keys(FORMS) as readonly MapperForm[];

export function formOf(form: MapperForm): Form {
  return FORMS[form];
}

/** The reference of an id in a call. Of the id alone, so that an answer that comes later finds its lines. */
export function referenceOf(id: string): string {
  return createHash('sha256').update(id).digest('hex').slice(0, 32);
}

// `details`: with the default scope a mapper says only that it knows the id.
function requests({ ids, now }: ResolveQuestion): object[] {
  return ids.map((id) => ({ reference_id: referenceOf(id), timestamp: now, id, scope: 'details' }));
}

function connectBody(question: ResolveQuestion): unknown {
  const { questionId, gatewayId, now, answerTo, ids } = question;
  return {
    // SPAR 1.0 refuses null.
    signature: '',
    header: {
      version: '1.0.0',
      message_id: questionId,
      message_ts: now,
      action: 'resolve',
      sender_id: gatewayId,
      ...(answerTo === '' ? {} : { sender_uri: answerTo }),
      receiver_id: '',
      total_count: ids.length,
      is_msg_encrypted: false,
    },
    message: { transaction_id: questionId, resolve_request: requests(question) },
  };
}

function connectAnswers(body: unknown): ResolveAnswer[] {
  const { header, message } = objectOf(body);
  if (objectOf(header ?? {}).status === 'rjct')
    throw new BadMapperAnswer('the mapper refused the whole request');
  return listOf(objectOf(message).resolve_response);
}

function spar2Body(question: ResolveQuestion): unknown {
  const { questionId, gatewayId, now } = question;
  return {
    request_header: {
      sender_app_mnemonic: gatewayId,
      sender_app_url: '',
      request_id: questionId,
      request_timestamp: now,
    },
    request_body: { request_payload: { transaction_id: questionId, resolve_request: requests(question) } },
  };
}

function spar2Answers(body: unknown): ResolveAnswer[] {
  const { response_header, response_body } = objectOf(body);
  if (objectOf(response_header).response_status !== 'SUCCESS')
    throw new BadMapperAnswer('the mapper refused the whole request');
  return listOf(objectOf(objectOf(response_body).response_payload).resolve_response);
}

// Refusals of how we asked: no word on the beneficiary.
const OUR_FAULT: readonly unknown[] = [
  'rjct.reference_id.invalid',
  'rjct.reference_id.duplicate',
  'rjct.timestamp.invalid',
];
const INACTIVE: readonly unknown[] = ['succ.id.inactive', 'succ.fa.inactive'];

/** "Not found" has status succ and no fa, so the address itself is looked at. Nobody is paid at an inactive one. */
function listOf(list: unknown): ResolveAnswer[] {
  if (!Array.isArray(list)) throw new BadMapperAnswer('the answer has no resolve_response');
  return list.flatMap((item) => {
    const { reference_id: reference, status, fa, status_reason_code: code } = objectOf(item);
    if (typeof reference !== 'string' || OUR_FAULT.includes(code)) return [];
    const isKnown = status !== 'rjct' && !INACTIVE.includes(code) && fa !== null && fa !== '';
    return [{ reference, fa: isKnown ? fa : undefined }];
  });
}

function objectOf(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new BadMapperAnswer('the answer is not of the form that is set for this mapper');
  return value as Record<string, unknown>;
}

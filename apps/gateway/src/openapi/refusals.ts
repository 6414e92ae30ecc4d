import { codesOfStatus } from '../api-error.js';
import { isInterfaceA, operationsOf, schemaRef, type OpenAPIObject, type Placed } from './document.js';

/** What is said with a refusal of this status, beside the body that all refusals have. */
const REFUSALS: Readonly<Record<number, { description: string; headers?: Record<string, string> }>> = {
  400: { description: 'The request cannot be read or attributed; nothing was stored.' },
  401: { description: 'No valid credentials.', headers: { 'WWW-Authenticate': 'How to prove who calls.' } },
  403: { description: 'This caller may not do this.' },
  404: { description: 'There is no such thing, or it is not yours.' },
  408: { description: 'The request did not arrive in time; send it again.' },
  409: { description: 'Too late; nothing changed.' },
  413: { description: 'The body is larger, or holds more lines, than is taken.' },
  415: { description: 'The body is not of a type that is taken, is packed, or is not in UTF-8.' },
  429: {
    description: 'Over the quota of a strict sender; nothing was stored.',
    headers: { 'Retry-After': 'Seconds after which to send again.' },
  },
  500: { description: 'A fault inside GPO; nothing was stored.' },
  503: {
    description: 'The record is not reachable; nothing was acknowledged. Sent again it pays nobody twice.',
    headers: { 'Retry-After': 'Seconds after which to send again.' },
  },
};

/** The refusals an operation can answer with, beside those that its controller names. */
function statusesOf({ path, method }: Placed): number[] {
  if (path.startsWith('/health/ready')) return [400, 415, 503];
  if (path.startsWith('/health/') || path === '/metrics') return [400, 415];
  const always = [400, 415, 500, 503];
  // A mapper's answer proves itself by what it answers.
  const ofCaller = path.startsWith('/mapper/') ? [404] : [401];
  // A GET too: an access token may lack the scope.
  const mayBeForbidden =
    path.startsWith('/mapper/') || (method === 'get' && !path.startsWith('/api/')) ? [] : [403];
  const withBody = method === 'get' ? [] : [408, 413];
  const ofSender = isInterfaceA(path) ? [429] : [];
  const ofOne = path.includes('{') ? [404] : [];
  return [...always, ...ofCaller, ...mayBeForbidden, ...withBody, ...ofSender, ...ofOne];
}

/**
 * Writes the exact refusals of every operation into its responses, each with the codes it can carry. They are the same
 * everywhere and known from path and method alone, so no controller repeats them.
 */
export function describeRefusals(document: OpenAPIObject): void {
  for (const placed of operationsOf(document)) {
    const { responses } = placed.operation;
    const named = Object.keys(responses)
      .map(Number)
      .filter((status) => status >= 400);
    delete responses.default;
    for (const status of [...new Set([...statusesOf(placed), ...named])].sort((a, b) => a - b)) {
      const own = responses[String(status)];
      const description = own !== undefined && 'description' in own ? own.description : undefined;
      responses[String(status)] = refusal(status, description);
    }
  }
}

function refusal(
  status: number,
  ownDescription: string | undefined,
): Record<string, unknown> & { description: string } {
  const { description, headers = {} } = REFUSALS[status] ?? { description: 'Refused.' };
  const codes = codesOfStatus(status).map((code) => `\`${code}\``);
  const words = ownDescription === undefined || ownDescription === '' ? description : ownDescription;
  return {
    description: codes.length === 0 ? words : `${words} Codes: ${codes.join(', ')}.`,
    headers: Object.fromEntries(
      Object.entries({ ...headers, Link: 'Where the code is explained (rel="help").' }).map(
        ([name, text]) => [name, { description: text, required: true, schema: { type: 'string' } }],
      ),
    ),
    content: { 'application/json': { schema: schemaRef('HttpErrorResponseDto') } },
  };
}

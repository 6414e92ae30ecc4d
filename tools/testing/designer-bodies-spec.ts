import { Refusal } from './designer-scenarios-spec.js';
import { readMultipart } from './multipart-spec.js';

/** What each call of the Designer wants as its body. */
export function requireText(type: string): void {
  if (!type.startsWith('text/plain')) throw new Refusal(415, 'The comment is text/plain.');
}

export function jsonBody(type: string, body: string): Record<string, unknown> {
  if (!type.startsWith('application/json')) throw new Refusal(415, 'The body is application/json.');
  return parseJson(body) as Record<string, unknown>;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal(400, 'The request content was malformed.');
  }
}

export function readParts(type: string, body: string): Map<string, string> {
  try {
    return readMultipart(type, body);
  } catch (error) {
    throw new Refusal(400, (error as Error).message);
  }
}

export function onlyPart(type: string, body: string, name: string): string {
  const part = readParts(type, body).get(name);
  if (part === undefined) throw new Refusal(400, `Request is missing required form field '${name}'`);
  return part;
}

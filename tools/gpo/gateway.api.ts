import { CommandFailed } from './command-failed.js';
import { readGpoConfig } from './gpo.config.js';

/** Asks the gateway's API as an auditor. @throws CommandFailed with one sentence; exit code 2 where nothing was found. */
export function readApi<T>(path: string, missing: string): Promise<T> {
  return ask<T>(path, missing, {
    headers: { Authorization: `Bearer ${readGpoConfig(process.env).token}` },
  });
}

/** Asks the gateway as an auditor for something that it is to make. */
export function askApi<T>(path: string, body: unknown, missing: string): Promise<T> {
  return post<T>(path, body, missing, readGpoConfig(process.env).token);
}

/** A file of the gateway, as it comes. */
export async function readApiFile(path: string, missing: string): Promise<ReadableStream<Uint8Array>> {
  const answer = await answerOf(path, missing, {
    headers: { Authorization: `Bearer ${readGpoConfig(process.env).token}` },
  });
  return answer.body!;
}

/** Decides something as the operator whose token GPO_OPERATOR_TOKEN is. */
export function decideApi<T>(path: string, body: unknown, missing: string): Promise<T> {
  return post<T>(path, body, missing, readGpoConfig(process.env).operatorToken);
}

function post<T>(path: string, body: unknown, missing: string, token: string): Promise<T> {
  return ask<T>(path, missing, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

async function ask<T>(path: string, missing: string, init: RequestInit): Promise<T> {
  return (await (await answerOf(path, missing, init)).json()) as T;
}

/** @throws CommandFailed with one sentence; exit code 2 where nothing was found. */
async function answerOf(path: string, missing: string, init: RequestInit): Promise<Response> {
  const { gatewayUrl } = readGpoConfig(process.env);
  let answer: Response;
  try {
    answer = await fetch(`${gatewayUrl}${path}`, init);
  } catch {
    throw new CommandFailed(`The gateway at ${gatewayUrl} does not answer: start it, or set GATEWAY_URL.`, 1);
  }
  if (answer.status === 404) throw new CommandFailed(missing, 2);
  if (!answer.ok) throw new CommandFailed(sentence(answer.status, await answer.text()), 1);
  return answer;
}

/** The API's own sentence where it gave one. */
function sentence(status: number, text: string): string {
  try {
    const { errors } = JSON.parse(text) as { errors?: { code?: string; message?: string }[] };
    const [error] = errors ?? [];
    if (error?.message !== undefined) return `${error.message} (${error.code ?? status})`;
  } catch {
    // Not one of the API's bodies; shown as it is.
  }
  return `The gateway answers HTTP ${status}: ${text}`;
}

import { randomUUID } from 'node:crypto';
import { HttpNoAnswer, HttpNotSent, OutboundHttp, type OutboundAnswer } from '@gpo/outbound-http';
import { readProblems, type ScenarioProblem } from './scenario-problem.js';

/** Where the Designer is, and the account to use. */
export interface DesignerSettings {
  /** Without a slash at the end. */
  url: string;
  user: string;
  password: string;
}

/** The Designer refused or did not answer; one sentence that says what to do. `status` is 0 without an answer. */
export class DesignerRefused extends Error {
  override readonly name = 'DesignerRefused';

  constructor(
    message: string,
    readonly status: number,
    /** What the Designer wrote. */
    readonly words = '',
  ) {
    super(message);
  }
}

/** Versions of a scenario, as far as the Designer tells them. */
export interface ScenarioVersions {
  saved: number | undefined;
  deployed: number | undefined;
}

interface Call {
  method: 'GET' | 'POST' | 'PUT';
  path: string;
  body?: string;
  type?: string;
}

const CALL_MS = 60_000;
const ANSWER_BYTES_MAX = 16_777_216;
const WORDS_MAX = 500;
const THREADS_BUSY = /thread pool termination timeout/i;

/** The graph that the Designer makes of an imported file. Handed back as it came, never read. */
export type ScenarioGraph = unknown;

/** REST API of Nussknacker's Designer 1.18, as far as a deployment needs it. */
export class DesignerClient {
  private readonly http = new OutboundHttp({
    timeoutMs: CALL_MS,
    maxResponseBytes: ANSWER_BYTES_MAX,
    maxSockets: 2,
    allowPrivateAddresses: true,
  });

  constructor(private readonly settings: DesignerSettings) {}

  close(): void {
    this.http.close();
  }

  /** @throws DesignerRefused where it does not answer, or not with 200. */
  async health(): Promise<void> {
    await this.ask({ method: 'GET', path: '/api/app/healthCheck' });
  }

  async create(scenario: string): Promise<'created' | 'exists'> {
    const body = {
      name: scenario,
      category: 'Default',
      processingMode: 'Unbounded-Stream',
      engineSetupName: 'Lite Embedded',
      isFragment: false,
    };
    try {
      await this.ask({ method: 'POST', path: '/api/processes', ...json(body) });
      return 'created';
    } catch (error) {
      if (error instanceof DesignerRefused && error.status === 400 && /already exists/i.test(error.words))
        return 'exists';
      throw error;
    }
  }

  /** Turns a file into the Designer's graph; saves nothing. */
  async import(scenario: string, file: string): Promise<ScenarioGraph> {
    const path = `/api/processes/import/${encodeURIComponent(scenario)}`;
    const answer = await this.ask({
      method: 'POST',
      path,
      ...multipart('process', `${scenario}.json`, file),
    });
    return member(this.read(answer), 'scenarioGraph');
  }

  async validate(scenario: string, scenarioGraph: ScenarioGraph): Promise<ScenarioProblem[]> {
    const path = `/api/processValidation/${encodeURIComponent(scenario)}`;
    const body = { processName: scenario, scenarioGraph };
    return readProblems(this.read(await this.ask({ method: 'POST', path, ...json(body) })));
  }

  /** Makes a new version. @returns what is wrong with it. */
  async save(scenario: string, scenarioGraph: ScenarioGraph, comment: string): Promise<ScenarioProblem[]> {
    const path = `/api/processes/${encodeURIComponent(scenario)}`;
    const answer = this.read(await this.ask({ method: 'PUT', path, ...json({ scenarioGraph, comment }) }));
    return readProblems(member(answer, 'validationResult') ?? answer);
  }

  /** `threads-busy`: an old run had not ended in time; the new one starts all the same, so wait for it. */
  async deploy(scenario: string, comment: string): Promise<'taken' | 'threads-busy'> {
    const path = `/api/processManagement/deploy/${encodeURIComponent(scenario)}`;
    try {
      await this.ask({ method: 'POST', path, body: comment, type: 'text/plain; charset=UTF-8' });
      return 'taken';
    } catch (error) {
      if (error instanceof DesignerRefused && THREADS_BUSY.test(error.words)) return 'threads-busy';
      throw error;
    }
  }

  /** DURING_DEPLOY, RUNNING, RESTARTING, PROBLEM, CANCELED, NOT_DEPLOYED. */
  async status(scenario: string): Promise<string> {
    const path = `/api/processes/${encodeURIComponent(scenario)}/status`;
    const answer = this.read(await this.ask({ method: 'GET', path }));
    const name = member(member(answer, 'status'), 'name');
    if (typeof name !== 'string') throw this.unexpected(path);
    return name;
  }

  async versions(scenario: string): Promise<ScenarioVersions> {
    const path = `/api/processes/${encodeURIComponent(scenario)}`;
    const answer = this.read(await this.ask({ method: 'GET', path }));
    const whole = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined);
    return {
      saved: whole(member(answer, 'processVersionId')),
      deployed: whole(member(member(answer, 'lastDeployedAction'), 'processVersionId')),
    };
  }

  /** The newest saved version as a file. */
  async export(scenario: string): Promise<string> {
    const path = `/api/processesExport/${encodeURIComponent(scenario)}`;
    const answer = await this.ask({ method: 'GET', path });
    return `${JSON.stringify(this.read(answer), null, 2)}\n`;
  }

  private async ask({ method, path, body, type }: Call): Promise<OutboundAnswer> {
    const { url, user, password } = this.settings;
    const headers: Record<string, string> = {
      Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`,
      Accept: 'application/json, text/plain, */*',
    };
    if (type !== undefined) headers['Content-Type'] = type;
    let answer: OutboundAnswer;
    try {
      answer = await this.http.send({
        method,
        url: `${url}${path}`,
        headers,
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      if (!(error instanceof HttpNotSent || error instanceof HttpNoAnswer)) throw error;
      throw new DesignerRefused(`The Designer at ${url} does not answer: ${error.message}.`, 0);
    }
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw this.refusal(answer, `${method} ${path}`);
  }

  private refusal({ status, body }: OutboundAnswer, call: string): DesignerRefused {
    const words = body.toString('utf8').trim().slice(0, WORDS_MAX);
    if (status === 401 || status === 403)
      return new DesignerRefused(
        `The Designer refuses the user "${this.settings.user}" (HTTP ${status}): set NUSSKNACKER_USER and NUSSKNACKER_PASSWORD.`,
        status,
      );
    return new DesignerRefused(`The Designer answers HTTP ${status} to ${call}: ${words}`, status, words);
  }

  private read({ body }: OutboundAnswer): unknown {
    try {
      return JSON.parse(body.toString('utf8'));
    } catch {
      throw this.unexpected('a call');
    }
  }

  private unexpected(call: string): DesignerRefused {
    const { url } = this.settings;
    return new DesignerRefused(`What answers ${call} at ${url} is not a Designer of Nussknacker 1.18.`, 0);
  }
}

function json(value: unknown): { body: string; type: string } {
  return { body: JSON.stringify(value), type: 'application/json' };
}

function multipart(part: string, fileName: string, content: string): { body: string; type: string } {
  const boundary = `gpo-${randomUUID()}`;
  const head = `Content-Disposition: form-data; name="${part}"; filename="${fileName.replaceAll('"', '')}"`;
  return {
    body: `--${boundary}\r\n${head}\r\nContent-Type: application/json\r\n\r\n${content}\r\n--${boundary}--\r\n`,
    type: `multipart/form-data; boundary=${boundary}`,
  };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

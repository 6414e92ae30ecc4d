import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ScenarioFile } from '@gpo/scenario';
import type { StandInEngine } from './designer-engine-spec.js';
import {
  Graphs,
  Refusal,
  isValid,
  runOnTestData,
  validate,
  type StoredScenario,
  type ValidationResult,
} from './designer-scenarios-spec.js';
import { jsonBody, onlyPart, parseJson, readParts, requireText } from './designer-bodies-spec.js';
import { subjectProblem } from './registry-reader-spec.js';

export interface StandInOptions {
  /** Runs what is deployed; without it nothing ever consumes. */
  engine?: StandInEngine;
  /** Schema registry that must know every topic. */
  registryUrl?: () => string;
}

interface Answer {
  status: number;
  body: unknown;
}

const USER = 'admin';
const PASSWORD = 'stand-in';

/** The Designer's REST API as tried on Nussknacker 1.18.1: what it accepts, refuses and says, status names included. */
export class DesignerStandIn {
  /** What goes wrong, to be set by a test. */
  readonly faults = { threadsBusy: 0, restarts: false, neverConsumes: false, unhealthy: 0 };
  /** Time in DURING_DEPLOY, and then in RUNNING without consuming yet, in milliseconds. */
  readonly pace = { duringDeployMs: 200, idleMs: 300 };
  /** Method and path of every call that was let in. */
  readonly calls: string[] = [];
  readonly scenarios = new Map<string, StoredScenario>();
  private readonly graphs = new Graphs();
  private readonly server: Server;
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly options: StandInOptions = {}) {
    this.server = createServer((request, response) => {
      this.answer(request).then(
        ({ status, body }) =>
          response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body)),
        (error: unknown) => {
          const { status, message } =
            error instanceof Refusal ? error : { status: 500, message: String(error) };
          if (status === 401) response.setHeader('WWW-Authenticate', 'Basic realm="nussknacker"');
          response.writeHead(status, { 'Content-Type': 'text/plain' }).end(message);
        },
      );
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get settings(): { url: string; user: string; password: string } {
    return { url: this.url, user: USER, password: PASSWORD };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
    await this.work;
    await this.options.engine?.close();
  }

  /** A person changes a scenario in the Designer and saves it. */
  edit(name: string, change: (file: ScenarioFile) => void): void {
    const { versions } = this.stored(name);
    const file = structuredClone(versions.at(-1)!.file);
    change(file);
    versions.push({ file, comment: 'by hand' });
  }

  private async answer(request: IncomingMessage): Promise<Answer> {
    const expected = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
    if (request.headers.authorization !== expected)
      throw new Refusal(401, 'The resource requires authentication.');
    const path = decodeURIComponent(new URL(request.url!, this.url).pathname);
    const call = `${request.method ?? ''} ${path}`;
    this.calls.push(call);
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    const type = request.headers['content-type'] ?? '';
    if (call === 'GET /api/app/healthCheck') return this.health();
    if (call === 'POST /api/processes') return this.create(jsonBody(type, body));
    const [, action, name] =
      /^(\S+ \/api\/(?:\w+\/)*?(?:\w+))\/([^/]+)$/.exec(call.replace(/\/status$/, '')) ?? [];
    if (call.endsWith('/status') && action === 'GET /api/processes')
      return ok({ status: { name: this.stored(name!).status } });
    switch (action) {
      case 'POST /api/processes/import':
        this.stored(name!);
        return ok({ scenarioGraph: this.graphs.import(onlyPart(type, body, 'process')) });
      case 'POST /api/processValidation':
        return ok(await this.validation(name!, jsonBody(type, body)));
      case 'PUT /api/processes':
        return this.save(name!, jsonBody(type, body));
      case 'GET /api/processes':
        return ok(this.details(name!));
      case 'GET /api/processesExport':
        return ok(this.stored(name!).versions.at(-1)!.file);
      case 'POST /api/processManagement/deploy':
        return this.deploy(name!, type);
      case 'POST /api/processManagement/cancel':
        return this.cancel(name!, type);
      case 'POST /api/processManagement/test':
        return ok(this.test(name!, type, body));
      default:
        throw new Refusal(404, 'The requested resource could not be found.');
    }
  }

  private health(): Answer {
    if (this.faults.unhealthy === 0) return ok({ status: 'OK' });
    this.faults.unhealthy -= 1;
    throw new Refusal(500, 'Not yet.');
  }

  private create(wanted: Record<string, unknown>): Answer {
    const { name, category, processingMode, engineSetupName, isFragment } = wanted;
    if (typeof name !== 'string' || category !== 'Default' || processingMode !== 'Unbounded-Stream')
      throw new Refusal(400, 'name, category and processingMode are needed.');
    if (engineSetupName !== 'Lite Embedded' || isFragment !== false)
      throw new Refusal(400, 'engineSetupName must be "Lite Embedded" and isFragment false.');
    if (this.scenarios.has(name)) throw new Refusal(400, `Scenario ${name} already exists`);
    const empty: ScenarioFile = { metaData: { id: name }, nodes: [] };
    this.scenarios.set(name, {
      versions: [{ file: empty, comment: '' }],
      deployedVersion: undefined,
      status: 'NOT_DEPLOYED',
    });
    return { status: 201, body: { name, processVersionId: 1 } };
  }

  private async validation(name: string, wanted: Record<string, unknown>): Promise<ValidationResult> {
    if (wanted.processName !== name) throw new Refusal(400, 'processName is not the name in the path.');
    return validate(name, this.graphs.fileOf(wanted.scenarioGraph), (topic) => this.topicProblem(topic));
  }

  private async save(name: string, wanted: Record<string, unknown>): Promise<Answer> {
    if (typeof wanted.comment !== 'string') throw new Refusal(400, 'comment is needed.');
    const file = this.graphs.fileOf(wanted.scenarioGraph);
    // An invalid version is saved too; only its deployment is refused.
    this.stored(name).versions.push({ file, comment: wanted.comment });
    return ok({ validationResult: await validate(name, file, (topic) => this.topicProblem(topic)) });
  }

  private details(name: string): unknown {
    const { versions, deployedVersion } = this.stored(name);
    const lastDeployedAction = deployedVersion === undefined ? null : { processVersionId: deployedVersion };
    return { name, processVersionId: versions.length, lastDeployedAction };
  }

  private async deploy(name: string, type: string): Promise<Answer> {
    requireText(type);
    const scenario = this.stored(name);
    const { file } = scenario.versions.at(-1)!;
    const checked = await validate(name, file, (topic) => this.topicProblem(topic));
    if (!isValid(checked)) throw new Refusal(409, 'Cannot deploy invalid scenario');
    scenario.deployedVersion = scenario.versions.length;
    scenario.status = 'DURING_DEPLOY';
    this.work = this.work.then(() => this.run(name, scenario, file));
    if (this.faults.threadsBusy > 0) {
      this.faults.threadsBusy -= 1;
      throw new Refusal(500, 'Thread pool termination timeout');
    }
    return ok({});
  }

  /** The status runs ahead of the engine, as on the real one. */
  private async run(name: string, scenario: StoredScenario, file: ScenarioFile): Promise<void> {
    await this.options.engine?.stop(name);
    await sleep(this.pace.duringDeployMs);
    scenario.status = this.faults.restarts ? 'RESTARTING' : 'RUNNING';
    await sleep(this.pace.idleMs);
    if (!this.faults.restarts && !this.faults.neverConsumes) await this.options.engine?.start(name, file);
  }

  private async cancel(name: string, type: string): Promise<Answer> {
    requireText(type);
    await this.work;
    await this.options.engine?.stop(name);
    this.stored(name).status = 'CANCELED';
    return ok({});
  }

  private test(name: string, type: string, body: string): unknown {
    this.stored(name);
    const parts = readParts(type, body);
    const file = this.graphs.fileOf(parseJson(parts.get('scenarioGraph') ?? 'null'));
    return runOnTestData(name, file, parts.get('testData') ?? '');
  }

  private async topicProblem(topic: string): Promise<string | undefined> {
    const { engine, registryUrl } = this.options;
    if (engine !== undefined && !(await engine.topicExists(topic))) return `Topic ${topic} does not exist`;
    return registryUrl === undefined ? undefined : subjectProblem(registryUrl(), `${topic}-value`);
  }

  private stored(name: string): StoredScenario {
    const found = this.scenarios.get(name);
    if (found === undefined) throw new Refusal(404, `No scenario ${name} found`);
    return found;
  }
}

function ok(body: unknown): Answer {
  return { status: 200, body };
}

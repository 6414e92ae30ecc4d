import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ScenarioFile } from '@gpo/scenario';
import { DesignerClient, DesignerRefused } from '../nussknacker/designer.client.js';
import { DesignerStandIn } from './designer-stand-in-spec.js';

const NAME = 'request-check';
const TEXT = readFileSync(`nussknacker/scenarios/${NAME}.json`, 'utf8');

/** The shipped scenario, changed. */
function changed(change: (file: ScenarioFile) => void): string {
  const file = JSON.parse(TEXT) as ScenarioFile;
  change(file);
  return JSON.stringify(file);
}

describe('the stand-in of the Designer refuses what Nussknacker 1.18 refuses', () => {
  const standIn = new DesignerStandIn();
  let designer: DesignerClient;

  beforeEach(async () => {
    standIn.scenarios.clear();
    await standIn.listen();
    designer = new DesignerClient(standIn.settings);
  });

  afterEach(async () => {
    designer.close();
    await standIn.close();
  });

  /** A call as somebody else would make it. */
  function call(
    method: string,
    path: string,
    type: string,
    body: string,
    user = 'admin:stand-in',
  ): Promise<Response> {
    const headers = { Authorization: `Basic ${btoa(user)}`, 'Content-Type': type };
    return fetch(`${standIn.url}${path}`, { method, headers, ...(method === 'GET' ? {} : { body }) });
  }

  it('401 without the right password, and the client names the variables to set', async () => {
    const answer = await call('GET', '/api/app/healthCheck', '', '', 'admin:wrong');
    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([
      401,
      'Basic realm="nussknacker"',
    ]);
    const wrong = new DesignerClient({ ...standIn.settings, password: 'wrong' });
    await expect(wrong.health()).rejects.toThrow(/NUSSKNACKER_PASSWORD/);
    wrong.close();
  });

  it('creates once with 201, then 400 already exists', async () => {
    expect(await designer.create(NAME)).toBe('created');
    expect(await designer.create(NAME)).toBe('exists');
    const body = { name: 'x', category: 'Default', processingMode: 'Unbounded-Stream', isFragment: false };
    expect((await call('POST', '/api/processes', 'application/json', JSON.stringify(body))).status).toBe(400);
  });

  it.each([
    ['another part name', 'file', 'multipart/form-data; boundary=b', 400],
    ['no multipart', 'process', 'application/json', 400],
    ['the right part', 'process', 'multipart/form-data; boundary=b', 200],
  ])('import with %s', async (_, part, type, status) => {
    await designer.create(NAME);
    const body = `--b\r\nContent-Disposition: form-data; name="${part}"; filename="f"\r\n\r\n${TEXT}\r\n--b--\r\n`;
    expect((await call('POST', `/api/processes/import/${NAME}`, type, body)).status).toBe(status);
  });

  it('import does not save', async () => {
    await designer.create(NAME);
    await designer.import(NAME, TEXT);
    expect((await designer.versions(NAME)).saved).toBe(1);
    expect(JSON.parse(await designer.export(NAME))).not.toEqual(JSON.parse(TEXT));
  });

  it('every save makes a new version, and the export gives the newest back', async () => {
    await designer.create(NAME);
    const graph = await designer.import(NAME, TEXT);
    expect(await designer.save(NAME, graph, 'first')).toEqual([]);
    expect(await designer.save(NAME, graph, 'second')).toEqual([]);
    expect((await designer.versions(NAME)).saved).toBe(3);
    expect(JSON.parse(await designer.export(NAME))).toEqual(JSON.parse(TEXT));
  });

  it.each<[string, (file: ScenarioFile) => void, RegExp]>([
    [
      'an unknown variable',
      (file) => (file.nodes![1]!.value!.expression = '#inptu.amount'),
      /Amount as number/,
    ],
    [
      'missing additionalFields',
      (file) => Object.assign(file.nodes![1]!, { additionalFields: undefined }),
      /layoutData/,
    ],
    [
      'null layoutData',
      (file) => Object.assign(file.nodes![2]!, { additionalFields: { layoutData: null } }),
      /layoutData/,
    ],
  ])('%s: validation names the node, and deploying answers 409', async (_, change, wanted) => {
    await designer.create(NAME);
    const graph = await designer.import(NAME, changed(change));
    const problems = await designer.validate(NAME, graph);
    expect(problems.map(({ node, message }) => `${node}: ${message}`).join('\n')).toMatch(wanted);
    expect(await designer.save(NAME, graph, '')).toEqual(problems);
    await expect(designer.deploy(NAME, '')).rejects.toThrow(/409.*Cannot deploy invalid scenario/);
    expect(await designer.status(NAME)).toBe('NOT_DEPLOYED');
  });

  it('a name with a dot or a quote is imported, and then refused with 400 by the validation', async () => {
    await designer.create(NAME);
    for (const name of ['Amount 1.0', 'The "amount"', "payee's"]) {
      const graph = await designer.import(
        NAME,
        changed((file) => (file.nodes![1]!.id = name)),
      );
      await expect(designer.validate(NAME, graph)).rejects.toThrow(/HTTP 400/);
    }
  });

  it('a graph that was altered on the way is refused', async () => {
    await designer.create(NAME);
    const graph = (await designer.import(NAME, TEXT)) as { nodes: unknown[] };
    await expect(designer.save(NAME, { ...graph, nodes: graph.nodes.slice(1) }, '')).rejects.toThrow(
      /HTTP 400/,
    );
    await expect(designer.validate(NAME, undefined)).rejects.toThrow(/HTTP 400/);
  });

  it('deploy wants its comment as text/plain, and goes through DURING_DEPLOY to RUNNING', async () => {
    await designer.create(NAME);
    await designer.save(NAME, await designer.import(NAME, TEXT), '');
    expect(
      (await call('POST', `/api/processManagement/deploy/${NAME}`, 'application/json', '""')).status,
    ).toBe(415);
    expect(await designer.deploy(NAME, 'comment')).toBe('taken');
    expect(await designer.status(NAME)).toBe('DURING_DEPLOY');
    await new Promise((resolve) => setTimeout(resolve, standIn.pace.duringDeployMs + 150));
    expect(await designer.status(NAME)).toBe('RUNNING');
    expect((await call('POST', `/api/processManagement/cancel/${NAME}`, 'text/plain', '')).status).toBe(200);
    expect(await designer.status(NAME)).toBe('CANCELED');
  });

  it('Thread pool termination timeout is no refusal: the new run starts', async () => {
    await designer.create(NAME);
    await designer.save(NAME, await designer.import(NAME, TEXT), '');
    standIn.faults.threadsBusy = 1;
    expect(await designer.deploy(NAME, '')).toBe('threads-busy');
    expect(await designer.status(NAME)).toBe('DURING_DEPLOY');
  });

  it('runs at most 20 test records, of the source the scenario has', async () => {
    await designer.create(NAME);
    const graph = JSON.stringify(await designer.import(NAME, TEXT));
    const line = (sourceId: string): string =>
      JSON.stringify({ sourceId, record: { consumerRecord: { key: 'k', value: { amount: '1' } } } });
    const run = (lines: string[]): Promise<Response> => {
      const part = (name: string, value: string): string =>
        `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      const body = `${part('testData', lines.join('\n'))}${part('scenarioGraph', graph)}--b--\r\n`;
      return call('POST', `/api/processManagement/test/${NAME}`, 'multipart/form-data; boundary=b', body);
    };
    expect((await run([line('Request')])).status).toBe(200);
    expect((await run([line('Other')])).status).toBe(400);
    expect((await run(Array.from({ length: 21 }, () => line('Request')))).status).toBe(400);
  });

  it('what is not there answers 404, and a Designer that is not there is named', async () => {
    await expect(designer.status('nothing')).rejects.toThrow(DesignerRefused);
    const nobody = new DesignerClient({ url: 'http://127.0.0.1:1', user: 'admin', password: 'x' });
    await expect(nobody.health()).rejects.toThrow(/does not answer/);
    nobody.close();
  });
});

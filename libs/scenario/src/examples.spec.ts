import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { loadScenario } from './scenario.js';
import type { FileNode, ScenarioFile } from './scenario-file.js';
import type { Scenario, ScenarioResult } from './scenario-run.js';

const EXAMPLES = ['on-hold', 'duplicate-payee'];
const FOLDER = 'nussknacker/examples';
const recorded = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'nussknacker/recorded');
const withShared = existsSync(recorded) ? describe : describe.skip;

const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));
const fileOf = (example: string): ScenarioFile => read(FOLDER, example, 'request-check.json') as ScenarioFile;
const load = (example: string): Scenario => loadScenario(fileOf(example), example, topicSchemas());

type Routed = Extract<ScenarioResult, { topic: string }>;

describe.each(EXAMPLES)('the example %s', (example) => {
  it('brings a pair that replaces the shipped one: the same scenarios by name, responses routed the same', () => {
    expect(readdirSync(join(FOLDER, example)).filter((name) => name.endsWith('.json'))).toEqual(
      readdirSync('nussknacker/scenarios').filter((name) => name.endsWith('.json')),
    );
    const shipped = readFileSync('nussknacker/scenarios/response-routing.json', 'utf8');
    expect(readFileSync(join(FOLDER, example, 'response-routing.json'), 'utf8')).toBe(shipped);
    expect(fileOf(example).metaData?.id).toBe('request-check');
  });

  it('is a file that the Designer can show: every node has a place and words, and no name that it refuses', () => {
    const nodes = nodesOf(fileOf(example).nodes ?? []);
    expect(nodes.length).toBeGreaterThan(9);
    const places = nodes.map((node) => {
      const { description, layoutData } = (node as Described).additionalFields ?? {};
      expect(description?.length).toBeGreaterThan(5);
      expect(node.id).not.toMatch(/[."']/);
      return `${layoutData?.x}/${layoutData?.y}`;
    });
    expect(new Set(places).size).toBe(nodes.length);
    expect(new Set(nodes.map(({ id }) => id)).size).toBe(nodes.length);
  });
});

interface Described extends FileNode {
  additionalFields?: { description?: string; layoutData?: { x: number; y: number } };
}

function nodesOf(nodes: readonly FileNode[]): FileNode[] {
  return nodes.flatMap((node) => {
    const nexts = (node.nexts ?? []).flatMap((next) => nodesOf(Array.isArray(next) ? next : next.nodes));
    return [node, ...nexts, ...nodesOf(node.defaultNext ?? [])];
  });
}

withShared('the examples on recorded messages (skipped without the shared folder)', () => {
  it.each(EXAMPLES)(
    '%s routes each as Nussknacker routed it with the shipped rules, but for what it adds',
    (example) => {
      const scenario = load(example);
      const lines = readFileSync(join(recorded, 'request-check.jsonl'), 'utf8').trim().split('\n');
      let held = 0;
      for (const line of lines) {
        const {
          key,
          in: input,
          out,
        } = JSON.parse(line) as {
          key: string;
          in: Record<string, unknown>;
          out: { topic: string; value: Record<string, unknown> };
        };
        const [result] = scenario.run(
          { key, value: Buffer.from(JSON.stringify(input)) },
          () => 0,
        ) as Routed[];
        const { hold_reason: reason, ...value } = JSON.parse(result!.value) as Record<string, unknown>;
        expect(value).toEqual(out.value);
        if (reason === undefined) expect(result!.topic).toBe(out.topic);
        else {
          expect([result!.topic, out.topic]).toEqual(['g2p.on-hold', 'g2p.filtered-requests']);
          held += 1;
        }
      }
      expect(lines.length).toBeGreaterThanOrEqual(600);
      expect(held > 10).toBe(example === 'on-hold');
    },
  );
});

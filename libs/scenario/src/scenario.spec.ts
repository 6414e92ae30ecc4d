import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { loadScenario } from './scenario.js';
import type { Scenario } from './scenario-run.js';
import type { ScenarioFile } from './scenario-file.js';

const recorded = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'nussknacker/recorded');
const schemas = topicSchemas();

interface Recorded {
  key: string;
  in: Record<string, unknown>;
  out: { topic: string; value: Record<string, unknown>; wait_seconds_about?: number };
}

function load(name: string): Scenario {
  const file = JSON.parse(readFileSync(`nussknacker/scenarios/${name}.json`, 'utf8')) as ScenarioFile;
  return loadScenario(file, `${name}.json`, schemas);
}

function lines(name: string): Recorded[] {
  return readFileSync(join(recorded, `${name}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Recorded);
}

const withShared = existsSync(recorded) ? describe : describe.skip;

withShared('scenarios against what a real Nussknacker 1.18 did (skipped without the shared folder)', () => {
  it.each(['request-check', 'response-routing'])(
    '%s routes every recorded message as Nussknacker did',
    (name) => {
      const scenario = load(name);
      const now = 1_800_000_000_000;
      const cases = lines(name);
      expect(cases.length).toBeGreaterThanOrEqual(500);
      for (const { key, in: input, out } of cases) {
        const results = scenario.run({ key, value: Buffer.from(JSON.stringify(input)) }, () => now);
        expect(results).toHaveLength(1);
        const [result] = results as [{ topic: string; key: string; value: string }];
        expect({ topic: result.topic, key: result.key }).toEqual({ topic: out.topic, key });
        const value = JSON.parse(result.value) as Record<string, unknown>;
        if (out.wait_seconds_about !== undefined) {
          const wait = (Number(value.not_before) - now) / 1000;
          expect(Math.abs(wait - out.wait_seconds_about)).toBeLessThanOrEqual(60);
          delete value.not_before;
        }
        expect(value).toEqual(out.value);
      }
    },
  );
});

describe('messages', () => {
  const pass = (input: string): unknown[] =>
    load('response-routing').run({ key: 'k', value: Buffer.from(input) }, () => 0);

  it('keeps the digits of numbers that no schema declares', () => {
    const [result] = pass(
      '{"outcome":"settled","big":12345678901234567890,"dec":1.10,"exp":1e3,"nested":{"n":0.10}}',
    ) as [{ value: string }];
    expect(result.value).toBe(
      '{"outcome":"settled","big":12345678901234567890,"dec":1.10,"exp":1000,"nested":{"n":0.10}}',
    );
  });

  it.each([
    ['not JSON', 'x'],
    ['a list', '[]'],
    ['nothing', ''],
    ['null in a text field', '{"reason":null}'],
    ['a number in a text field', '{"reason":1}'],
    ['a fraction in a whole-number field', '{"attempt":1.5}'],
    ['a text in a whole-number field', '{"attempt":"1"}'],
  ])('%s is an error of the source and goes nowhere', (_what, input) => {
    expect(pass(input)).toEqual([expect.objectContaining({ node: 'Response' })]);
  });
});

describe('files that this engine does not run as Nussknacker does', () => {
  const refused = (change: (file: ScenarioFile) => void): string => {
    const file = JSON.parse(readFileSync('nussknacker/scenarios/request-check.json', 'utf8')) as ScenarioFile;
    change(file);
    try {
      loadScenario(file, 'rules.json', schemas);
    } catch (error) {
      return String(error);
    }
    return 'accepted';
  };
  const set = (expression: string) => (file: ScenarioFile) => {
    file.nodes![1]!.value!.expression = expression;
  };

  it.each([
    ['an unknown field', set('#input.amnt'), /there is no field amnt; there are: sender_id/],
    ['an unknown variable', set('#amount2'), /the variable #amount2 does not exist here/],
    ['a Java type', set('T(java.lang.Math).abs(1)'), /Java types/],
    ['a constructor', set("new String('x')"), /new/],
    ['an assignment', set('#input = 1'), /cannot assign/],
    ['a dynamic index', set("{'a':'1'}[#input.amount]"), /use \.get/],
    ['a number over 32 bits', set('9999999999'), /write 9999999999L/],
    ['a further source', (file: ScenarioFile) => file.additionalBranches!.push({}), /further sources/],
    [
      'a for-each',
      (file: ScenarioFile) => Object.assign(file.nodes![1]!, { type: 'CustomNode', nodeType: 'for-each' }),
      /for-each is not run here/,
    ],
  ])('%s is refused with node and reason when the file is loaded', (_what, change, message) => {
    const sentence = refused(change);
    expect(sentence).toMatch(message);
    expect(sentence).toMatch(/rules\.json: Node "/);
  });
});

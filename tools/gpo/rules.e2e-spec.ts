import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const SCENARIOS = 'nussknacker/scenarios';
const recorded = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'nussknacker/recorded');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Done {
  code: number | null;
  out: string;
  err: string;
}

function gpo(args: string[], input = ''): Done {
  // No address of Kafka or PostgreSQL: rules need neither.
  const env = { ...process.env, KAFKA_BROKERS: '127.0.0.1:1', DATABASE_URL: 'postgres://127.0.0.1:1/none' };
  const { status, stdout, stderr } = spawnSync(process.execPath, ['tools/gpo.mjs', 'rules', ...args], {
    input,
    env,
    encoding: 'utf8',
    maxBuffer: 67_108_864,
  });
  return { code: status, out: stdout, err: stderr };
}

interface Recorded {
  key: string;
  in: Record<string, unknown>;
  out: { topic: string; value: Record<string, unknown>; wait_seconds_about?: number };
}

interface Answer {
  topic: string | null;
  key: string | null;
  value: Record<string, unknown>;
}

(existsSync(recorded) ? describe : describe.skip)(
  'the process gpo rules run (skipped without the shared folder)',
  () => {
    it.each([
      ['request-check', 600],
      ['response-routing', 500],
    ])('%s answers all %i recorded messages as Nussknacker did, in order', (name, count) => {
      const cases = readFileSync(join(recorded, `${name}.jsonl`), 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Recorded);
      const input = cases.map((one) => `${JSON.stringify({ key: one.key, value: one.in })}\n`).join('');
      const before = Date.now();
      const { code, out, err } = gpo(['run', `${SCENARIOS}/${name}.json`], input);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      const answers = out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Answer);
      expect(answers).toHaveLength(count);
      for (const [index, { key, out: wanted }] of cases.entries()) {
        const { topic, key: gotKey, value } = answers[index]!;
        if (wanted.wait_seconds_about !== undefined) {
          const wait = (Number(value.not_before) - before) / 1000;
          expect(Math.abs(wait - wanted.wait_seconds_about)).toBeLessThanOrEqual(60);
          delete value.not_before;
        }
        expect({ topic, key: gotKey, value }).toEqual({ topic: wanted.topic, key, value: wanted.value });
      }
    });
  },
);

describe('the process gpo rules', () => {
  it('run answers a line while its input stays open, and bad lines too', async () => {
    const file = `${SCENARIOS}/response-routing.json`;
    const child = spawn(process.execPath, ['tools/gpo.mjs', 'rules', 'run', file], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.write('nonsense\n');
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(first.toString())).toMatchObject({ topic: null, key: null, value: null });
    child.stdin.write('{"key":"k","value":{"outcome":"settled"}}\n');
    const [second] = (await once(child.stdout, 'data')) as [Buffer];
    expect(second.toString()).toBe('{"topic":"g2p.success","key":"k","value":{"outcome":"settled"}}\n');
    child.stdin.end();
    expect(await once(child, 'exit')).toEqual([0, null]);
  }, 60_000);

  it('check says 0 where all is well, 1 where vectors are missing, 2 where there is nothing', () => {
    expect(gpo(['check'])).toMatchObject({ code: 0, err: '' });
    const vectors = join(folder, 'none');
    const missing = gpo(['check', '--vectors', vectors, '--json']);
    expect(missing.code).toBe(1);
    expect(JSON.parse(missing.out)).toContainEqual(expect.objectContaining({ ok: false }));
    expect(gpo(['check', join(folder, 'nowhere')])).toMatchObject({ code: 2, out: '' });
  });

  it('try and diff say 3 on request where a line is refused or changes, else 0', () => {
    const list = join(folder, 'list.csv');
    writeFileSync(list, 'reference_id,payee_fa,amount,currency_code\nr1,phone:1@mpesa,5,KES\nr2,2,5,KES\n');
    const tried = gpo(['try', list, '--json']);
    expect(tried).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(tried.out)).toMatchObject({ total: { lines: 2 } });
    expect(gpo(['try', list, '--exit-code']).code).toBe(3);
    expect(gpo(['diff', SCENARIOS, SCENARIOS, '--on', list, '--exit-code']).code).toBe(0);
    const changed = join(folder, 'changed.json');
    const text = readFileSync(`${SCENARIOS}/request-check.json`, 'utf8');
    writeFileSync(
      changed,
      text.replace(String.raw`\"KES\",\"mobile-money\"`, String.raw`\"KES\",\"core-banking\"`),
    );
    expect(gpo(['diff', SCENARIOS, changed, '--on', list])).toMatchObject({ code: 0, err: '' });
    expect(gpo(['diff', SCENARIOS, changed, '--on', list, '--exit-code']).code).toBe(3);
  });

  it('says in one sentence what is wrong, and nothing on standard output', () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, '{');
    expect(gpo(['run', broken], '{}\n')).toMatchObject({ code: 1, out: '' });
    expect(gpo(['run', SCENARIOS])).toMatchObject({ code: 1, out: '' });
    const nothing = gpo(['try', join(folder, 'no.csv')]);
    expect(nothing).toMatchObject({ code: 2, out: '' });
    expect(nothing.err).toMatch(/^There is no file .*no\.csv\.\n$/);
    expect(gpo(['try']).code).toBe(64);
  });

  it('stand under one word with the other commands about rules', () => {
    const { code, out } = gpo(['--help']);
    expect(code).toBe(0);
    for (const verb of ['check', 'try', 'diff', 'run', 'engine', 'deploy'])
      expect(out).toMatch(new RegExp(`^  ${verb}\\b`, 'm'));
  });

  it.each(['check', 'try', 'diff', 'run'])('%s explains itself, with its exit codes', (verb) => {
    const { code, out } = gpo([verb, '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(/Exit codes: 0/);
  });
});

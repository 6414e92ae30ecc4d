import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { addConnector } from './connector.files.js';

const NAME = 'examplepay';
const FOLDER = `apps/connectors/src/${NAME}`;
const REGISTRY = 'apps/connectors/src/connector-registry.ts';
const PARTS = [
  'apps/connectors',
  'libs',
  'tools',
  'jest.config.js',
  'package.json',
  'tsconfig.json',
  '.swcrc',
];

/** What an integrator writes for the rail of the stand-in. */
const WORDS: readonly (readonly [string, string, string?])[] = [
  ['pending', 'accepted'],
  ['paid', 'settled'],
  ['returned', 'returned', 'reversed'],
  ['account_unknown', 'permanent', 'payee_unknown'],
  ['account_blocked', 'permanent', 'payee_blocked'],
  ['amount_invalid', 'permanent', 'amount_refused'],
  ['currency_invalid', 'permanent', 'currency_refused'],
  ['limit_reached', 'retryable', 'payee_limit'],
  ['bank_unavailable', 'retryable', 'rail_unavailable'],
  ['duplicate_id', 'duplicate'],
  ['too_fast', 'throttled'],
  ['funds_too_low', 'payer_funds'],
  ['account_not_set_up', 'configuration'],
];
const MAPPING = `import type { Instruction, Violation } from '../connector.js';
import type { ExamplepayConfig } from './${NAME}.config.js';

export function requestBody({ railId, payee, amountMinor, currency, exponent }: Instruction, _config: ExamplepayConfig): object {
  const digits = amountMinor.toString().padStart(exponent + 1, '0');
  const [whole, fraction] = [digits.slice(0, digits.length - exponent), digits.slice(digits.length - exponent)];
  return { id: railId, account: payee.id, amount: exponent === 0 ? whole : \`\${whole}.\${fraction}\`, currency };
}

export function violationsOf({ payee, currency }: Instruction, { currencies }: ExamplepayConfig): Violation[] {
  if (payee.id === '') return [{ field: 'payee_fa', reason: 'address_refused', message: 'no account' }];
  if (currencies.includes(currency)) return [];
  return [{ field: 'currency_code', reason: 'currency_refused', message: 'not paid out' }];
}
`;

describe('gpo connector add', () => {
  const root = mkdtempSync(join(tmpdir(), 'gpo-connector-'));
  const text = (file: string): string => readFileSync(join(root, file), 'utf8');
  let before: string;
  let written: string[];

  beforeAll(() => {
    for (const part of PARTS) cpSync(part, join(root, part), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
    before = text(REGISTRY);
    written = addConnector(root, NAME);
  });
  afterAll(() => rmSync(root, { recursive: true }));

  /** Complaints of the compiler about these files and what they import. */
  function complaints(...files: string[]): string[] {
    const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) =>
      readFileSync(path, 'utf8'),
    ) as { config: object };
    const { options } = ts.parseJsonConfigFileContent({ ...config, files }, ts.sys, root);
    const program = ts.createProgram(
      files.map((file) => join(root, file)),
      { ...options, noEmit: true },
    );
    const found = ts.getPreEmitDiagnostics(program);
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  }

  /** Titles of the kit's cases, by what became of them. */
  function trial(): { passed: string[]; failed: string[] } {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    const jest = [
      'node_modules/jest/bin/jest.js',
      '--json',
      '--forceExit',
      '--selectProjects',
      'conformance',
    ];
    const words = [...flags, ...jest, '--testPathPatterns', `${NAME}.conform`];
    const env = { ...process.env, GPO_SHARED: join(root, 'no-shared') };
    const { stdout, stderr } = spawnSync(process.execPath, words, { cwd: root, encoding: 'utf8', env });
    if (!stdout.includes('{')) throw new Error(stderr);
    const report = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
      testResults: { assertionResults: { fullName: string; status: string }[] }[];
    };
    const cases = report.testResults.flatMap(({ assertionResults }) => assertionResults);
    const of = (status: string): string[] =>
      cases.filter((one) => one.status === status).map(({ fullName }) => fullName);
    return { passed: of('passed'), failed: of('failed') };
  }

  it('writes a connector that compiles as it is, in a folder of its own and with one name in the registry', () => {
    expect(written).toContain(`${FOLDER}/${NAME}.connector.ts`);
    expect(written.filter((file) => !file.startsWith(`${FOLDER}/`))).toEqual([REGISTRY]);
    expect(written.map(text).join('')).not.toContain('{{');
    expect(complaints(REGISTRY, `${FOLDER}/${NAME}.conform-spec.ts`)).toEqual([]);
  }, 120_000);

  it('the compiler of this test sees a fault: a planted one is refused', () => {
    const file = `${FOLDER}/${NAME}.codes.ts`;
    const good = text(file);
    writeFileSync(join(root, file), `${good}export const planted: number = 'text';\n`);
    expect(complaints(file)).not.toEqual([]);
    writeFileSync(join(root, file), good);
  }, 120_000);

  it('the kit refuses it before it is filled in: nothing can be paid, and no word is known', () => {
    const { failed } = trial();
    for (const part of ['1. manifest', '2. golden', '4. the same', '5. broken', '6. unknown', '8. pace'])
      expect(failed.some((title) => title.includes(part))).toBe(true);
  }, 180_000);

  it('filled in, the kit passes it', () => {
    const codes = `${FOLDER}/${NAME}.codes.ts`;
    const list = WORDS.map(([word, decision, reason]) => {
      const because = reason === undefined ? '' : `, reason: '${reason}'`;
      return `['${word}', { decision: '${decision}'${because} }],`;
    });
    writeFileSync(join(root, codes), text(codes).replace('([])', `([\n${list.join('\n')}\n])`));
    writeFileSync(join(root, FOLDER, `${NAME}.mapping.ts`), MAPPING);
    expect(complaints(codes, `${FOLDER}/${NAME}.mapping.ts`)).toEqual([]);
    const { passed, failed } = trial();
    expect(failed).toEqual([]);
    expect(passed.length).toBeGreaterThan(40);
  }, 180_000);

  it.each(['Examplepay', '../x', 'a-b', '', NAME])('does not write %j, and says why', (name) => {
    expect(() => addConnector(root, name)).toThrow(
      /name is lower-case letters and digits|There is a connector/,
    );
  });

  it('does not write over a connector that there is, whether its folder or only its line is left', () => {
    const [, shipped = ''] = /^ {2}([a-z0-9]+),$/m.exec(before) ?? [];
    expect(() => addConnector(root, shipped)).toThrow(`There is a connector ${shipped} already`);
    rmSync(join(root, 'apps/connectors/src', shipped), { recursive: true });
    expect(() => addConnector(root, shipped)).toThrow(`There is a connector ${shipped} already`);
  });

  it('does not write into a folder that is no checkout', () => {
    expect(() => addConnector(join(root, 'libs'), 'other')).toThrow('run this in its root');
  });

  it('without its folder and its registry lines everything is as before', () => {
    rmSync(join(root, FOLDER), { recursive: true });
    const lines = text(REGISTRY).split('\n');
    const left = lines.filter((line) => !line.includes(NAME)).join('\n');
    expect(left).toBe(before);
    expect(existsSync(join(root, FOLDER))).toBe(false);
  });
});

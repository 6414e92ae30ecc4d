import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { API_ERROR_CODES } from '../api-error.js';
import { helpLink } from '../api-refusal.js';
import { errorsPage, explainedCodes } from './errors-page.js';

const CODE = /\b(?:(?:err|record|rule|lane|callback)\.|rjct[._])[a-z_]+(?:\.[a-z_]+)*/g;

/** Stands in a list of the specification's words; no line is ever told so, because it has no timestamp of its own. */
const NEVER_SAID = new Set(['rjct.timestamp.invalid']);

/** A code in a comment or a template is no code that is said; nor are names of crash points. */
const NO_CODE = new Set(['callback.before']);

const markdown = readFileSync('docs/errors.md', 'utf8');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => existsSync(file));

function codesIn(pattern: RegExp): Set<string> {
  const sources = files.filter((file) => pattern.test(file) && !file.endsWith('spec.ts'));
  const literals = sources.flatMap((file) => readFileSync(file, 'utf8').match(/(['"`])[^'"`\n]*\1/g) ?? []);
  const codes = literals.flatMap((literal) => literal.match(CODE) ?? []);
  return new Set(codes.filter((code) => !NO_CODE.has(code) && !code.endsWith('.') && !code.endsWith('_')));
}

/** What code and shipped rules can say. Rules of an installation say what docs/rules shows. */
const said = codesIn(/^(?:apps\/(?:gateway|connectors|router)\/src|libs\/[a-z0-9-]+\/src)\/.*\.ts$/);
const ruled = codesIn(/^nussknacker\/.*\.json$|^docs\/rules\/.*\.md$/);

function unexplained(page: string): string[] {
  const explained = new Set(explainedCodes(page));
  return [...said].filter(
    (code) => /^(?:err|rjct)/.test(code) && !explained.has(code) && !NEVER_SAID.has(code),
  );
}

describe('docs/errors.md', () => {
  it('has a row for every code of the API and every reason that a line can have', () => {
    expect(said.size).toBeGreaterThan(40);
    expect(API_ERROR_CODES.filter((code) => !said.has(code))).toEqual([]);
    expect(unexplained(markdown)).toEqual([]);
  });

  it('a code without its row is found', () => {
    const without = markdown.replace(/^\| `rjct\.action\.invalid`.*\n/m, '');
    expect(unexplained(without)).toEqual(['rjct.action.invalid']);
  });

  it('has no row for what nobody says', () => {
    expect(explainedCodes(markdown).filter((code) => !said.has(code) && !ruled.has(code))).toEqual([]);
  });
});

describe('the page of errors', () => {
  const page = errorsPage(markdown);

  it('has one anchor for every code, which is where a refusal links to', () => {
    for (const code of API_ERROR_CODES) {
      expect(helpLink(code)).toBe(`</docs/errors#${code}>; rel="help"`);
      expect(page.split(`id="${code}"`)).toHaveLength(2);
    }
    expect(page).toContain('<code id="rjct.payee_name.invalid">');
    const ids = [...page.matchAll(/id="([^"]+)"/g)].map(([, id]) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('shows text as text', () => {
    expect(errorsPage('| a | b |\n| --- | --- |\n| `err.x` | <b> & [there](x.md) |')).toContain(
      '<td><code id="err.x">err.x</code></td><td>&lt;b> &amp; there</td>',
    );
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { TOPICS } from '@gpo/messaging';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  encoding: 'utf8',
})
  .trim()
  .split('\n')
  .filter((file) => existsSync(file));
const sources = files.filter((file) => /\.(ts|mjs|js)$/.test(file));
const text = (file: string): string => readFileSync(file, 'utf8');

describe('the repository about itself', () => {
  it('no source file is longer than 250 lines', () => {
    expect(sources.filter((file) => text(file).split('\n').length > 251)).toEqual([]);
  });

  it('no source holds unfinished or switched-off work', () => {
    const marks = [/\bTODO\b/, /\bFIXME\b/, /as unknown as/, /@ts-ignore/, /\b(it|describe|test)\.only\(/];
    const found = sources.filter(
      (file) => !file.endsWith('tidy.spec.ts') && marks.some((mark) => mark.test(text(file))),
    );
    expect(found).toEqual([]);
  });

  it('no folder is a bag for everything', () => {
    expect(files.filter((file) => /(^|\/)(utils|common|helpers|shared|core|types)\//.test(file))).toEqual([]);
  });

  it('every link in the documentation leads to a file', () => {
    const broken: string[] = [];
    for (const page of files.filter((file) => file.endsWith('.md'))) {
      for (const [, target] of text(page).matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!/^[a-z]+:/.test(target!) && !existsSync(join(dirname(page), target!)))
          broken.push(`${page}: ${target!}`);
      }
    }
    expect(broken).toEqual([]);
  });

  it('every error code of the API, of dead letters and of alarms is explained in docs/errors.md', () => {
    const errors = text('docs/errors.md');
    const codes = new Set<string>();
    for (const file of sources.filter(
      (name) => name.startsWith('apps/') && !name.includes('rail-simulator') && !name.endsWith('spec.ts'),
    )) {
      for (const [, code] of text(file).matchAll(
        /'((?:err|record|rule|lane|callback)\.[a-z_]+(?:\.[a-z_]+)?)'/g,
      ))
        codes.add(code!);
    }
    codes.delete('callback.before'); // A crash point, not a code.
    const unexplained = [...codes].filter((code) => !errors.includes(`\`${code}\``));
    expect(codes.size).toBeGreaterThan(10);
    expect(unexplained).toEqual([]);
  });

  it('every topic is used by code or by a scenario', () => {
    const all = files
      .filter((file) => /\.(ts|json)$/.test(file) && !file.endsWith('topics.ts'))
      .map(text)
      .join('\n');
    const unused = Object.entries(TOPICS).filter(
      ([key, { name }]) => !all.includes(`TOPICS.${key}`) && !all.includes(name),
    );
    expect(unused).toEqual([]);
  });

  it('advisory locks of PostgreSQL have their numbers in one file, each its own', () => {
    const home = 'libs/persistence/src/advisory-locks.ts';
    const numbers = [...text(home).matchAll(/\b715_\d{3}\b/g)].map(([number]) => number);
    expect(numbers.length).toBeGreaterThan(5);
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(sources.filter((file) => file !== home && /\b715_\d{3}\b/.test(text(file)))).toEqual([]);
  });

  it('the lock file names no download address', () => {
    expect(text('package-lock.json')).not.toMatch(/"resolved"/);
  });
});

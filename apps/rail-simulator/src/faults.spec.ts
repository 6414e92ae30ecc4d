import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FAULT_BY_DIGITS, faultOf } from './faults.js';

const fixtures = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'fixtures');

describe('payee numbers that make trouble', () => {
  it('are all in the table of docs/rail-simulator.md, with the name of their fault', () => {
    const page = readFileSync('docs/rail-simulator.md', 'utf8');
    const rows = [...page.matchAll(/^\| (\d{7}) \| `([a-z0-9-]+)` \|/gm)].map(([, digits, fault]) => [
      digits,
      fault,
    ]);
    expect(rows).toEqual([...FAULT_BY_DIGITS]);
  });

  (existsSync(fixtures) ? it : it.skip)(
    'are no payee of any recorded body (skipped without the shared folder)',
    () => {
      const names = readdirSync(fixtures).filter((name) => name.endsWith('-disburse.json'));
      const payees = names.flatMap((name) => {
        const { message } = JSON.parse(readFileSync(join(fixtures, name), 'utf8')) as {
          message: { disbursements: { payee_fa: string | null }[] };
        };
        return message.disbursements.map(({ payee_fa }) => payee_fa ?? '');
      });
      expect(payees.length).toBeGreaterThan(5);
      expect(payees.filter((payee) => faultOf(payee) !== undefined)).toEqual([]);
    },
  );
});

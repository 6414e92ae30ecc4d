import { formatAmount, type Money } from '@gpo/g2p-connect-schemas';
import { TOPICS } from '@gpo/messaging';
import type { ScenarioResult } from '@gpo/scenario';
import { tableRows } from './rules.edges.js';
import type { Rules } from './rules.folder.js';
import type { InputLine } from './rules.input.js';

/** Where one line goes. */
export interface Route {
  line: InputLine;
  /** null: to the error topic, or nowhere. Two topics of a split are joined by " + ". */
  topic: string | null;
  lane: string | null;
  /** Codes of what is wrong, or the sentence of a rule that fails. */
  reasons: string[];
  /** The rows of decision tables that decided. */
  why: string[];
  /** The values that come out. */
  values: Record<string, unknown>[];
}

export interface Sum {
  lines: number;
  amounts: { currency_code: string; amount: string }[];
}

type Minor = Pick<Money, 'minor' | 'exponent'>;

/** Runs the scenario over every line. @param now clock of the rules, in milliseconds since 1970. */
export function routeAll(rules: Rules, lines: readonly InputLine[], now: number): Route[] {
  const tables = tableRows(rules.file);
  return lines.map((line): Route => {
    const { record, refused } = line;
    if (record === undefined) {
      const errors = refused?.errors ?? [];
      const topic = TOPICS.malformedInput.name;
      return {
        line,
        topic,
        lane: null,
        reasons: [...errors],
        why: [refused?.message ?? ''],
        values: [{ errors }],
      };
    }
    const why = new Map<string, string>();
    const results = rules.scenario.run(
      record,
      () => now,
      ({ node, edge }) => {
        if (edge === undefined || !tables.has(node) || why.has(node)) return;
        const cells = tables.get(node)![Number(edge.slice(4)) - 1];
        why.set(node, `${node}: ${edge}${cells === undefined ? '' : ` (${cells})`}`);
      },
    );
    return { line, ...fate(results), why: [...why.values()] };
  });
}

function fate(results: readonly ScenarioResult[]): Pick<Route, 'topic' | 'lane' | 'reasons' | 'values'> {
  const values = results.flatMap((result) =>
    'error' in result ? [] : [JSON.parse(result.value) as Record<string, unknown>],
  );
  const failures = results.flatMap((result) =>
    'error' in result ? [`rule.failed at "${result.node}": ${result.error}`] : [],
  );
  const topics = results.flatMap((result) => ('error' in result ? [] : [result.topic]));
  const lanes = values.map(({ lane }) => lane).filter((lane) => typeof lane === 'string');
  const errors = values.flatMap(({ errors: list }) => (Array.isArray(list) ? list.map(String) : []));
  return {
    topic: failures.length > 0 || topics.length === 0 ? null : topics.join(' + '),
    lane: lanes[0] ?? null,
    reasons: [...new Set([...errors, ...failures])],
    values,
  };
}

/** Where a line goes, in few words. */
export function placeOf({ topic, lane, values, reasons }: Route): string {
  if (topic !== null) return lane === null ? topic : `${topic}, lane ${lane}`;
  return values.length === 0 && reasons.length === 0 ? 'nowhere' : 'error topic';
}

/** Lines and amounts per group, in the order in which the groups first come. An amount that is none counts as a line only. */
export function sumBy<T>(
  items: readonly T[],
  groupsOf: (item: T) => readonly string[],
  lineOf: (item: T) => InputLine,
): Map<string, Sum> {
  const sums = new Map<string, { lines: number; minor: Map<string, Minor> }>();
  for (const item of items) {
    const { money, currencyCode } = lineOf(item);
    for (const group of groupsOf(item)) {
      const sum = sums.get(group) ?? { lines: 0, minor: new Map<string, Minor>() };
      sums.set(group, sum);
      sum.lines += 1;
      if (money === null) continue;
      const before = sum.minor.get(currencyCode)?.minor ?? 0n;
      sum.minor.set(currencyCode, { minor: before + money.minor, exponent: money.exponent });
    }
  }
  return new Map([...sums].map(([group, { lines, minor }]) => [group, { lines, amounts: amountsOf(minor) }]));
}

function amountsOf(sums: ReadonlyMap<string, Minor>): Sum['amounts'] {
  return [...sums].map(([currency_code, { minor, exponent }]) => ({
    currency_code,
    amount: formatAmount(minor, exponent),
  }));
}

export function amountsText(amounts: Sum['amounts']): string {
  return amounts.map(({ amount, currency_code }) => `${amount} ${currency_code}`).join(', ');
}

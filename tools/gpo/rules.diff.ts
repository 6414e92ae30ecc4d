import { isDeepStrictEqual } from 'node:util';
import { table } from './output.js';
import type { Rules } from './rules.folder.js';
import type { Input, InputLine } from './rules.input.js';
import { amountsText, placeOf, routeAll, sumBy, type Route, type Sum } from './rules.routes.js';

/** What another set of rules would do differently with the same file. */
export interface Difference {
  old: string;
  new: string;
  read_as: string;
  total: Sum;
  unchanged: Sum;
  /** Sums of the lines that change, by what changes. */
  changes: (Sum & { from: string; to: string })[];
  lines: ChangedLine[];
}

interface ChangedLine {
  line: number;
  reference_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
  from: string;
  to: string;
  old_reasons: string[];
  new_reasons: string[];
  old_why: string[];
  new_why: string[];
}

interface Pair {
  line: InputLine;
  before: Route;
  after: Route;
}

const NONE: Sum = { lines: 0, amounts: [] };

/** Runs both over the same lines with the same clock. */
export function diffRules(older: Rules, newer: Rules, input: Input, now: number): Difference {
  const after = routeAll(newer, input.lines, now);
  const pairs = routeAll(older, input.lines, now).map((before, index): Pair => ({
    line: before.line,
    before,
    after: after[index]!,
  }));
  const lineOf = ({ line }: Pair): InputLine => line;
  const changed = pairs.filter((pair) => !same(pair));
  const kept = pairs.filter(same);
  const sums = sumBy(changed, (pair) => [JSON.stringify(move(pair))], lineOf);
  return {
    old: older.path,
    new: newer.path,
    read_as: input.about,
    total: sumBy(pairs, () => [''], lineOf).get('') ?? NONE,
    unchanged: sumBy(kept, () => [''], lineOf).get('') ?? NONE,
    changes: [...sums].map(([text, sum]) => ({
      ...(JSON.parse(text) as { from: string; to: string }),
      ...sum,
    })),
    lines: changed.map(changedLine),
  };
}

function same({ before, after }: Pair): boolean {
  return (
    before.topic === after.topic &&
    isDeepStrictEqual(before.values, after.values) &&
    isDeepStrictEqual(before.reasons, after.reasons)
  );
}

/** The two places; where they are the same, what else differs. */
function move({ before, after }: Pair): { from: string; to: string } {
  const [from, to] = [placeOf(before), placeOf(after)];
  if (from !== to) return { from, to };
  if (!isDeepStrictEqual(before.reasons, after.reasons))
    return { from: `${from}: ${before.reasons.join(', ')}`, to: `${to}: ${after.reasons.join(', ')}` };
  return { from, to: `${to}, with another ${otherFields(before, after).join(', ')}` };
}

function otherFields(before: Route, after: Route): string[] {
  const [a, b] = [before.values[0] ?? {}, after.values[0] ?? {}];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (name) => !isDeepStrictEqual(a[name], b[name]),
  );
}

function changedLine(pair: Pair): ChangedLine {
  const { line, before, after } = pair;
  return {
    line: line.line,
    reference_id: line.referenceId,
    payee_fa: line.payeeFa,
    amount: line.amount,
    currency_code: line.currencyCode,
    ...move(pair),
    old_reasons: before.reasons,
    new_reasons: after.reasons,
    old_why: before.why,
    new_why: after.why,
  };
}

/** @param linesMax most single lines that are shown. */
export function differenceText(difference: Difference, linesMax: number): string {
  const { total, unchanged, changes, lines } = difference;
  const head = `${difference.old} -> ${difference.new}. ${difference.read_as} Nothing was stored, published or paid.\n\n`;
  if (lines.length === 0) return `${head}Nothing changes: all ${total.lines} lines go where they went.\n`;
  const sum = ({ lines: count, amounts }: Sum): Record<string, unknown> => ({
    lines: count,
    amount: amountsText(amounts),
  });
  const shown = lines.slice(0, linesMax);
  const rest = lines.length - shown.length;
  return [
    head,
    table([
      ...changes.map(({ from, to, ...rest_ }) => ({ from, to, ...sum(rest_) })),
      { from: 'unchanged', to: '', ...sum(unchanged) },
      { from: 'total', to: '', ...sum(total) },
    ]),
    linesMax === 0 ? '' : `\n${table(shown.map(shownLine))}`,
    linesMax > 0 && rest > 0 ? `... and ${rest} more lines; --lines ${lines.length} shows all.\n` : '',
  ].join('');
}

function shownLine(line: ChangedLine): Record<string, unknown> {
  return {
    line: String(line.line),
    reference_id: line.reference_id,
    amount: `${line.amount} ${line.currency_code}`,
    from: line.from,
    to: line.to,
    'why now': [...line.new_reasons, ...line.new_why].join('; '),
  };
}

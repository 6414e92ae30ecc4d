import { table } from './output.js';
import type { Rules } from './rules.folder.js';
import type { Input, InputLine } from './rules.input.js';
import { amountsText, placeOf, routeAll, sumBy, type Route, type Sum } from './rules.routes.js';

/** What would become of a file: nothing is stored, published or paid. */
export interface Trial {
  scenario: string;
  scenario_file: string;
  read_as: string;
  total: Sum;
  /** Lines whose amount is none: they count as lines and are in no amount. */
  lines_without_amount: number;
  /** Every line stands in exactly one place. */
  places: (Sum & { place: string; topic: string | null; lane: string | null })[];
  /** A line with two reasons stands under both. */
  reasons: (Sum & { reason: string })[];
  lines: TrialLine[];
}

interface TrialLine {
  line: number;
  reference_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
  topic: string | null;
  lane: string | null;
  reasons: string[];
  why: string[];
}

export function tryRules(rules: Rules, input: Input, now: number): Trial {
  const routes = routeAll(rules, input.lines, now);
  const lineOf = ({ line }: Route): InputLine => line;
  const places = sumBy(routes, (route) => [placeOf(route)], lineOf);
  const first = new Map(routes.toReversed().map((route) => [placeOf(route), route]));
  return {
    scenario: rules.scenario.name,
    scenario_file: rules.path,
    read_as: input.about,
    total: sumBy(routes, () => ['total'], lineOf).get('total') ?? { lines: 0, amounts: [] },
    lines_without_amount: input.lines.filter(({ money }) => money === null).length,
    places: [...places].map(([place, sum]) => {
      const { topic, lane } = first.get(place)!;
      return { place, topic, lane, ...sum };
    }),
    reasons: [...sumBy(routes, ({ reasons }) => reasons, lineOf)].map(([reason, sum]) => ({
      reason,
      ...sum,
    })),
    lines: routes.map(trialLine),
  };
}

function trialLine({ line, topic, lane, reasons, why }: Route): TrialLine {
  const { referenceId, payeeFa, amount, currencyCode } = line;
  return {
    line: line.line,
    reference_id: referenceId,
    payee_fa: payeeFa,
    amount,
    currency_code: currencyCode,
    topic,
    lane,
    reasons,
    why,
  };
}

/** Lines that no lane would pay, or that would not reach a topic at all. */
export function troubled(trial: Trial): number {
  return trial.lines.filter(({ topic, reasons }) => topic === null || reasons.length > 0).length;
}

/** @param linesMax most single lines that are shown. */
export function trialText(trial: Trial, linesMax: number): string {
  const sum = ({ lines, amounts }: Sum): Record<string, unknown> => ({ lines, amount: amountsText(amounts) });
  const shown = trial.lines.slice(0, linesMax);
  const rest = trial.lines.length - shown.length;
  return [
    `${trial.scenario} (${trial.scenario_file}). ${trial.read_as} Nothing was stored, published or paid.\n\n`,
    table([
      ...trial.places.map(({ place, ...rest_ }) => ({ 'goes to': place, ...sum(rest_) })),
      { 'goes to': 'total', ...sum(trial.total) },
    ]),
    trial.lines_without_amount === 0
      ? ''
      : `Lines without a readable amount, which stand in no sum: ${trial.lines_without_amount}.\n`,
    trial.reasons.length === 0
      ? ''
      : `\n${table(trial.reasons.map(({ reason, ...rest_ }) => ({ reason, ...sum(rest_) })))}`,
    linesMax === 0 ? '' : `\n${table(shown.map(shownLine))}`,
    linesMax > 0 && rest > 0 ? `... and ${rest} more lines; --lines ${trial.lines.length} shows all.\n` : '',
  ].join('');
}

function shownLine(line: TrialLine): Record<string, unknown> {
  const { reference_id, payee_fa, amount, currency_code, topic, lane, reasons, why } = line;
  return {
    line: String(line.line),
    reference_id,
    payee_fa,
    amount: `${amount} ${currency_code}`,
    'goes to': lane ?? topic ?? 'error topic',
    why: [...reasons, ...why].join('; '),
  };
}

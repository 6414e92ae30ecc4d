/**
 * Name of the header in which the router says which rules wrote a record: `request-check@ab12cd34`. It is for the
 * history only. Anybody who may write to the topic can write the header too, so nothing about money is read from it.
 */
export const SCENARIO_HEADER = 'gpo-scenario';

const PATTERN = /^([\p{L}\p{N}][\p{L}\p{N} _-]{0,63})@([0-9a-f]{8})$/u;
const HEADER_CHARACTERS_MAX = 80;

export function scenarioHeader(scenario: string, version: string): Record<string, string> {
  return { [SCENARIO_HEADER]: `${scenario}@${version}` };
}

/** @returns undefined where the header is absent or not of this form; it is then as if it were not there. */
export function readScenarioHeader(
  headers: Readonly<Record<string, string>>,
): { scenario: string; version: string } | undefined {
  const text = headers[SCENARIO_HEADER];
  if (text === undefined || text.length > HEADER_CHARACTERS_MAX) return undefined;
  const [, scenario, version] = PATTERN.exec(text) ?? [];
  return scenario === undefined || version === undefined ? undefined : { scenario, version };
}

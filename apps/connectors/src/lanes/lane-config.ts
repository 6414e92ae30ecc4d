import { readFileSync } from 'node:fs';

/** One configured connector: credentials, limits, pace. */
export interface LaneConfig {
  id: string;
  /** Name in the connector registry. */
  connector: string;
  /** Calls in flight at once, in each process. */
  concurrency: number;
  /** Sends a second, over all processes together. */
  perSecond: number;
  /** How long a taken attempt belongs to its worker, in milliseconds; longer than the rail's time limit. */
  leaseMs: number;
  /** So many calls in a row without a trustworthy answer stop the lane, over all processes together. Default 20. */
  breakerAfter: number;
  settings: unknown;
}

const DEFAULTS = { breakerAfter: 20 };

/** @throws Error with one sentence when the file cannot be used. */
export function readLanes(path: string, connectors: readonly string[]): LaneConfig[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new Error(`The lanes file ${path} cannot be read; set LANES_FILE.`, { cause });
  }
  const { lanes: written } = JSON.parse(text) as { lanes?: LaneConfig[] };
  if (!Array.isArray(written) || written.length === 0)
    throw new Error(`The lanes file ${path} names no lanes.`);
  const lanes = written.map((lane) => ({ ...DEFAULTS, ...lane }));
  for (const lane of lanes) {
    if (!connectors.includes(lane.connector)) {
      throw new Error(
        `Lane "${lane.id}" wants the connector "${lane.connector}"; there are: ${connectors.join(', ')}.`,
      );
    }
    for (const field of ['concurrency', 'perSecond', 'leaseMs', 'breakerAfter'] as const) {
      if (!(lane[field] > 0)) throw new Error(`Lane "${lane.id}" needs ${field} as a number above 0.`);
    }
  }
  return lanes;
}

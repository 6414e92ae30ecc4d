import { readFileSync } from 'node:fs';
import { CallingHours, type CallingWindow } from '@gpo/lanes';

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
  /** Attempts on their way at once, over all processes together. Default as many as concurrency allows. */
  inFlight?: number;
  /** Most attempts of one take, and so of one call. Default as many as there is room for. */
  batchSize?: number;
  /** After this long without a trustworthy answer an attempt goes to review, in milliseconds. Default UNRESOLVED_MAX_MS. */
  unresolvedMaxMs?: number;
  /** When the rail may be called. Default always. */
  window?: CallingWindow;
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
    checkLimits(lane);
  }
  return lanes;
}

function checkLimits(lane: LaneConfig): void {
  for (const field of ['concurrency', 'perSecond', 'leaseMs', 'breakerAfter'] as const)
    if (!(lane[field] > 0)) throw new Error(`Lane "${lane.id}" needs ${field} as a number above 0.`);
  for (const field of ['inFlight', 'batchSize', 'unresolvedMaxMs'] as const) {
    const value = lane[field];
    if (value !== undefined && !(Number.isInteger(value) && value > 0))
      throw new Error(`Lane "${lane.id}": ${field} must be a whole number from 1, or absent.`);
  }
  if (lane.window === undefined) return;
  try {
    new CallingHours(lane.window);
  } catch (cause) {
    const sentence = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Lane "${lane.id}": window.${sentence}`, { cause });
  }
}

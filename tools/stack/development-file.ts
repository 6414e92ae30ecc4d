import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ports of the parts that the files of `examples` name. */
export interface NamedPorts {
  simulator: number;
  bank: number;
  receiver: number;
}

interface DevelopmentLane {
  id: string;
  connector: string;
  settings: Record<string, unknown>;
}

/** A file of `examples` as text, with this stack's ports in place of the default ones. */
export function developmentFile(name: string, { simulator, bank, receiver }: NamedPorts): string {
  const text = readFileSync(join('examples', name), 'utf8');
  const usable = name === 'lanes.json' ? withBuiltConnectors(text, isInCheckout) : text;
  return usable
    .replaceAll('127.0.0.1:3003/', `127.0.0.1:${simulator}/`)
    .replaceAll('127.0.0.1:3004/', `127.0.0.1:${receiver}/`)
    .replaceAll('"port": 3008', `"port": ${bank}`);
}

/**
 * A lane whose connector was taken out of this checkout borrows the settings of another lane, under its own name, so that
 * the sample and the tests of the path still have their three lanes. A lane that calls lends before one that places files.
 */
export function withBuiltConnectors(text: string, isBuilt: (connector: string) => boolean): string {
  const file = JSON.parse(text) as { lanes: DevelopmentLane[] };
  const built = file.lanes.filter(({ connector }) => isBuilt(connector));
  const lender = built.find(({ settings }) => 'baseUrl' in settings) ?? built[0];
  if (built.length === file.lanes.length || lender === undefined) return text;
  const lanes = file.lanes.map((lane) => {
    if (built.includes(lane)) return lane;
    return JSON.parse(JSON.stringify(lender).replaceAll(lender.id, lane.id)) as DevelopmentLane;
  });
  return JSON.stringify({ ...file, lanes }, null, 2);
}

function isInCheckout(connector: string): boolean {
  return existsSync(join('apps/connectors/src', connector));
}

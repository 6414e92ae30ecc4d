import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Ports of the parts that the files of `examples` name. */
export interface NamedPorts {
  simulator: number;
  bank: number;
  receiver: number;
}

/** A file of `examples` as text, with this stack's ports in place of the default ones. */
export function developmentFile(name: string, { simulator, bank, receiver }: NamedPorts): string {
  return readFileSync(join('examples', name), 'utf8')
    .replaceAll('127.0.0.1:3003/', `127.0.0.1:${simulator}/`)
    .replaceAll('127.0.0.1:3004/', `127.0.0.1:${receiver}/`)
    .replaceAll('"port": 3008', `"port": ${bank}`);
}

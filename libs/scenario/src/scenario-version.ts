import { createHash } from 'node:crypto';
import type { FileNode, ScenarioFile } from './scenario-file.js';

const VERSION_DIGITS = 8;

/** A scenario file at one state: its name, its version, and the topics it reads and writes. */
export interface ScenarioIdentity {
  scenario: string;
  /** The first 8 hexadecimal digits of the SHA-256 of the canonical file; layout and descriptions count too. */
  version: string;
  sourceTopic: string;
  sinkTopics: string[];
}

/** Reads name, version and topics of a file without compiling it; for both engines. */
export function identifyScenario(file: ScenarioFile, fileName: string): ScenarioIdentity {
  const [source] = file.nodes ?? [];
  const sinks = new Set<string>();
  collectSinks([file.nodes, file.additionalBranches], sinks);
  return {
    scenario: file.metaData?.id ?? fileName,
    version: createHash('sha256').update(canonicalJson(file)).digest('hex').slice(0, VERSION_DIGITS),
    sourceTopic: source === undefined ? '' : topicOf(source),
    sinkTopics: [...sinks].sort(),
  };
}

/** The same text for the same content, whatever the order of keys and the white space of the file. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
}

function collectSinks(value: unknown, sinks: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const node = value as FileNode;
  const topic = node.type === 'Sink' ? topicOf(node) : '';
  if (topic !== '') sinks.add(topic);
  for (const item of Object.values(value)) collectSinks(item, sinks);
}

function topicOf({ ref }: FileNode): string {
  const expression = ref?.parameters?.find(({ name }) => name === 'Topic')?.expression.expression ?? '';
  return /^'([^']+)'$/.exec(expression)?.[1] ?? '';
}

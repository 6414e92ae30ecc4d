import { readFileSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { ScenarioFile } from '@gpo/scenario';
import { PlainError } from '../stack/plain-error.js';
import type { ScenarioProblem } from './scenario-problem.js';

/** A scenario file as it goes to the Designer. */
export interface ScenarioSource {
  /** metaData.id: the scenario's name on Nussknacker, and its consumer group. */
  name: string;
  file: string;
  text: string;
  /** Topics it reads, in the file's order. */
  topics: readonly string[];
}

type FileNode = NonNullable<ScenarioFile['nodes']>[number];
type LaidOutNode = FileNode & {
  additionalFields?: { layoutData?: { x?: unknown; y?: unknown } | null } | null;
};

/**
 * The scenario files of a folder, or the named ones only.
 * @throws PlainError where there is none, one is not found, or one is no scenario.
 */
export function readScenarioSources(folder: string, names: readonly string[] = []): ScenarioSource[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => join(folder, name));
  const sources = files.map(readSource);
  if (sources.length === 0) throw new PlainError(`There is no scenario file in ${folder}.`);
  if (names.length === 0) return sources;
  return names.map((name) => {
    const found = sources.find((source) => source.name === name || basename(source.file, '.json') === name);
    if (found === undefined)
      throw new PlainError(
        `There is no scenario "${name}" in ${folder}; there are ${sources.map((one) => one.name).join(', ')}.`,
      );
    return found;
  });
}

function readSource(file: string): ScenarioSource {
  const text = readFileSync(file, 'utf8');
  const parsed = parse(file, text);
  const name = parsed.metaData?.id ?? '';
  if (name === '') throw new PlainError(`${file} has no name: metaData.id is missing.`);
  const sources = nodesOf(parsed).filter(({ type }) => type === 'Source');
  const topics = sources.map((node) => topicOf(file, node));
  if (topics.length === 0) throw new PlainError(`${file} has no source: nothing would ever be read.`);
  return { name, file, text, topics };
}

function parse(file: string, text: string): ScenarioFile {
  try {
    return JSON.parse(text) as ScenarioFile;
  } catch (cause) {
    throw new PlainError(`${file} is not JSON: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}

function topicOf(file: string, node: FileNode): string {
  const expression = node.ref?.parameters?.find(({ name }) => name === 'Topic')?.expression.expression ?? '';
  const [, topic] = /^'([^']+)'$/.exec(expression) ?? [];
  if (topic === undefined)
    throw new PlainError(`${file}: the topic of the source "${node.id}" is not a text in single quotes.`);
  return topic;
}

/**
 * What the Designer imports without a word and stumbles over later: a node without layoutData breaks its graph page,
 * a name with a dot or a quote is refused when the scenario is checked.
 */
export function problemsOfFile({ text, name }: ScenarioSource): ScenarioProblem[] {
  const problems: ScenarioProblem[] = [];
  const badName =
    'the name holds a dot or a quote; Nussknacker refuses it, use letters, digits, spaces and -';
  if (/[."']/.test(name)) problems.push({ node: '', message: badName });
  for (const node of nodesOf(JSON.parse(text) as ScenarioFile)) {
    const { x, y } = (node as LaidOutNode).additionalFields?.layoutData ?? {};
    if (typeof x !== 'number' || typeof y !== 'number')
      problems.push({
        node: node.id,
        message:
          'additionalFields.layoutData with x and y is missing; the graph page of the Designer breaks without',
      });
    if (/[."']/.test(node.id)) problems.push({ node: node.id, message: badName });
  }
  return problems;
}

/** Every node of a file, behind switches, filters and splits too. */
export function nodesOf({ nodes, additionalBranches }: ScenarioFile): FileNode[] {
  const found: FileNode[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(visit);
    if (typeof value !== 'object' || value === null) return;
    const { id, type } = value as Partial<FileNode>;
    if (typeof id === 'string' && typeof type === 'string') found.push(value as FileNode);
    const { nexts, defaultNext, nextFalse, outputs, nodes: inner } = value as Record<string, unknown>;
    [nexts, defaultNext, nextFalse, inner].forEach(visit);
    if (typeof outputs === 'object' && outputs !== null) Object.values(outputs).forEach(visit);
  };
  visit(nodes ?? []);
  visit(additionalBranches ?? []);
  return found;
}

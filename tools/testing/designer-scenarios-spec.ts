import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { ScenarioRefused, loadScenario, type ScenarioFile } from '@gpo/scenario';
import { nodesOf } from '../nussknacker/scenario-source.js';

/** What the Designer refuses: HTTP status and its words. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface ValidationResult {
  errors: {
    invalidNodes: Record<
      string,
      { typ: string; message: string; description: string; fieldName: string | null }[]
    >;
    processPropertiesErrors: unknown[];
    globalErrors: unknown[];
  };
}

export interface StoredScenario {
  versions: { file: ScenarioFile; comment: string }[];
  deployedVersion: number | undefined;
  status: string;
}

/** Answers whether a topic and the schema of its subject are there. */
export type TopicCheck = (topic: string) => Promise<string | undefined>;

type GraphNode = NonNullable<ScenarioFile['nodes']>[number];

/** Turns an imported file into what the Designer hands out, and knows it again. */
export class Graphs {
  private readonly files = new Map<string, ScenarioFile>();

  import(text: string): unknown {
    let file: ScenarioFile;
    try {
      file = JSON.parse(text) as ScenarioFile;
    } catch {
      throw new Refusal(400, 'The file is not JSON.');
    }
    if (file.metaData?.additionalFields?.metaDataType !== 'LiteStreamMetaData')
      throw new Refusal(400, 'metaData.additionalFields.metaDataType is not LiteStreamMetaData.');
    const flat = nodesOf(file).map((node) => ({
      ...node,
      nexts: undefined,
      defaultNext: undefined,
      nextFalse: undefined,
    }));
    const graph = {
      properties: { additionalFields: file.metaData.additionalFields },
      nodes: flat,
      edges: edgesOf(file),
    };
    this.files.set(JSON.stringify(graph), file);
    return graph;
  }

  /** The file behind a graph. A graph that was changed on the way is refused. */
  fileOf(graph: unknown): ScenarioFile {
    const file = this.files.get(JSON.stringify(graph ?? null));
    if (file === undefined)
      throw new Refusal(400, 'The scenarioGraph is missing or is not the one the import gave.');
    return file;
  }
}

function edgesOf(file: ScenarioFile): { from: string; to: string }[] {
  const edges: { from: string; to: string }[] = [];
  const chain = (nodes: readonly GraphNode[], before: string | undefined): void => {
    let from = before;
    for (const node of nodes) {
      if (from !== undefined) edges.push({ from, to: node.id });
      from = node.id;
      for (const next of node.nexts ?? []) chain(Array.isArray(next) ? next : next.nodes, node.id);
      chain(node.defaultNext ?? [], node.id);
      chain(node.nextFalse ?? [], node.id);
    }
  };
  chain(file.nodes ?? [], undefined);
  return edges;
}

/**
 * Validation as the Designer does it, by this project's own loader, and two things more strictly than the real one: a
 * node without layoutData (which there breaks the graph page only), and a topic without schema.
 */
export async function validate(
  name: string,
  file: ScenarioFile,
  check: TopicCheck,
): Promise<ValidationResult> {
  const nodes = nodesOf(file);
  if ([name, ...nodes.map(({ id }) => id)].some((one) => /[."']/.test(one)))
    throw new Refusal(400, 'A name holds a dot or a quote.');
  const problems: { node: string; message: string }[] = [];
  for (const node of nodes) {
    const { layoutData } =
      (node as { additionalFields?: { layoutData?: { x?: unknown } | null } | null }).additionalFields ?? {};
    if (typeof layoutData?.x !== 'number') problems.push({ node: node.id, message: 'no layoutData' });
    const topic = /^'(.+)'$/.exec(
      node.ref?.parameters?.find((one) => one.name === 'Topic')?.expression.expression ?? '',
    )?.[1];
    const missing = topic === undefined ? undefined : await check(topic);
    if (missing !== undefined) problems.push({ node: node.id, message: missing });
  }
  try {
    loadScenario(file, name, topicSchemas());
  } catch (error) {
    if (!(error instanceof ScenarioRefused)) throw error;
    problems.push(...error.problems);
  }
  const invalidNodes: ValidationResult['errors']['invalidNodes'] = {};
  for (const { node, message } of problems)
    (invalidNodes[node] ??= []).push({ typ: 'Invalid', message, description: '', fieldName: null });
  return { errors: { invalidNodes, processPropertiesErrors: [], globalErrors: [] } };
}

export function isValid({ errors }: ValidationResult): boolean {
  return Object.keys(errors.invalidNodes).length === 0;
}

const TEST_RECORDS_MAX = 20;

/** Runs a scenario on records given by hand; nothing reaches Kafka. */
export function runOnTestData(name: string, file: ScenarioFile, testData: string): unknown {
  const lines = testData.split('\n').filter((line) => line !== '');
  if (lines.length === 0 || lines.length > TEST_RECORDS_MAX) throw new Refusal(400, 'From 1 to 20 records.');
  const scenario = loadScenario(file, name, topicSchemas());
  const source = file.nodes![0]!.id;
  const results = lines.flatMap((line) => {
    const { sourceId, record } = JSON.parse(line) as {
      sourceId?: string;
      record?: { consumerRecord?: { key: string | null; value: unknown } };
    };
    if (sourceId !== source || record?.consumerRecord === undefined)
      throw new Refusal(400, 'No such source.');
    const { key, value } = record.consumerRecord;
    return scenario.run({ key, value: Buffer.from(JSON.stringify(value)) }, Date.now);
  });
  const exceptions = results.filter((result) => 'error' in result);
  return { results: { nodeResults: { [source]: lines }, exceptions } };
}

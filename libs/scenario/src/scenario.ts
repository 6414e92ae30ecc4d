import { choice, filter, split, type Follow } from './branches.js';
import { decisionTable } from './decision-table.js';
import { NOTHING, NodeReader } from './node-reader.js';
import { ScenarioRefused, isNode, type FileNode, type ScenarioFile } from './scenario-file.js';
import { DEAD_END, FAILED, evaluate, runner, type Scenario, type Step } from './scenario-run.js';
import { schemaType, unsupported, type TopicSchema } from './schema-types.js';
import { sink } from './sink.js';
import { Known, type Compiled } from './spel/scope.js';
import { REFUSED, TEXT, type Type } from './spel/types.js';

type Schemas = Readonly<Record<string, TopicSchema>>;

const STREAM = 'LiteStreamMetaData';

/** What is passed on about the record itself. */
const META: Type = { kind: 'record', fields: new Map([['key', TEXT]]), ordered: false };

/** Nodes behind which a list of nodes ends. */
const LAST = new Set(['Switch', 'Split', 'Sink', 'dead-end']);

const NAMES: Readonly<Record<string, string>> = {
  FragmentInput: 'a fragment',
  SubprocessInput: 'a fragment',
  Processor: 'a service',
  Join: 'a union',
};

/**
 * Compiles an exported Nussknacker scenario. What this engine does not run exactly as Nussknacker does, it refuses.
 * @param schemas JSON Schema of each topic's value, by topic name.
 * @throws ScenarioRefused with every problem found.
 */
export function loadScenario(file: ScenarioFile, fileName: string, schemas: Schemas): Scenario {
  return new Loader(file, fileName, schemas).load();
}

class Loader {
  private readonly reader = new NodeReader();
  private readonly names = new Set<string>();

  constructor(
    private readonly file: ScenarioFile,
    private readonly fileName: string,
    private readonly schemas: Schemas,
  ) {}

  load(): Scenario {
    const [source, ...rest] = this.nodes();
    this.checkName(source);
    if ((this.file.additionalBranches ?? []).length > 0)
      this.reader.refuse(
        source,
        'further sources are not run here; make a scenario of its own for each source',
      );
    const { topic, schema } = this.sourceOf(source);
    const input = Known.nothing().with('input', schema === undefined ? REFUSED : schemaType(schema));
    const meta = input.known.with('inputMeta', META);
    const first = this.chain(rest, meta.known, source);
    const { problems } = this.reader;
    if (problems.length > 0) throw new ScenarioRefused(this.fileName, problems);
    const slots = { input: input.slot, inputMeta: meta.slot };
    return {
      name: this.file.metaData?.id ?? this.fileName,
      sourceTopic: topic,
      run: runner(source.id, schema!, slots, first),
    };
  }

  private nodes(): [FileNode, ...FileNode[]] {
    const { nodes, metaData } = this.file as Partial<ScenarioFile>;
    const kind = metaData?.additionalFields?.metaDataType ?? STREAM;
    const refuse = (message: string): never => {
      throw new ScenarioRefused(this.fileName, [{ node: '', message }]);
    };
    if (!Array.isArray(nodes) || !nodes.every(isNode))
      return refuse('this is not a scenario as the Designer exports it; export it again');
    if (kind !== STREAM)
      return refuse(`a scenario of the kind ${kind} is not run here; make it a stream with the Lite engine`);
    const [source, ...rest] = nodes;
    if (source?.type !== 'Source') return refuse('the first node must be a Kafka source');
    return [source, ...rest];
  }

  private sourceOf(source: FileNode): { topic: string; schema: TopicSchema | undefined } {
    const { reader } = this;
    if (source.isDisabled === true) reader.refuse(source, 'the source is switched off; switch it on');
    if (source.ref?.typ !== undefined && source.ref.typ !== 'kafka')
      reader.refuse(source, `the source ${source.ref.typ} is not run here; use the source kafka`);
    const topic = reader.constant(source, 'Topic');
    if (reader.constant(source, 'Schema version') !== 'latest')
      reader.refuse(source, "Schema version must be 'latest'");
    const schema = Object.hasOwn(this.schemas, topic) ? this.schemas[topic] : undefined;
    if (schema === undefined) {
      reader.refuse(
        source,
        `the topic ${topic} has no JSON Schema; there are: ${Object.keys(this.schemas).join(', ')}`,
      );
      return { topic, schema };
    }
    const reason = unsupported(schema);
    if (reason !== undefined)
      reader.refuse(source, `the JSON Schema of ${topic} cannot be used: ${reason}; keep to types and lists`);
    return { topic, schema };
  }

  /** Names as the Designer allows them. */
  private checkName(node: FileNode): void {
    const { id } = node;
    if (id.trim() === '') this.reader.refuse(node, 'a node has no name; give it one');
    else if (id !== id.trim()) this.reader.refuse(node, 'the name begins or ends with a space; remove it');
    if (/[."']/.test(id)) this.reader.refuse(node, `the name may not contain . " or '; rename the node`);
    if (this.names.has(id)) this.reader.refuse(node, 'two nodes have this name; rename one');
    this.names.add(id);
  }

  private readonly follow: Follow = (nodes, known, before) => this.chain(nodes, known, before);

  private chain(nodes: readonly FileNode[], known: Known, before: FileNode): Step {
    const [node, ...rest] = nodes;
    if (node === undefined) {
      this.reader.refuse(
        before,
        'nothing follows here, so the message would vanish; add a sink or a dead end',
      );
      return DEAD_END;
    }
    this.checkName(node);
    if (node.isDisabled === true && node.type !== 'Filter')
      this.reader.refuse(
        node,
        'the node is switched off, which is not run here; remove the node or switch it on',
      );
    switch (node.type) {
      case 'Variable':
        return this.assign(node, this.variable(node, known), node.varName, rest, known);
      case 'VariableBuilder':
        return this.assign(node, this.recordOf(node, known), node.varName, rest, known);
      case 'Enricher':
        return this.assign(node, decisionTable(node, known, this.reader), node.output, rest, known);
      case 'Filter':
        return filter(node, rest, known, this.reader, this.follow);
      default:
        if (rest.length > 0 && LAST.has(node.nodeType ?? node.type))
          this.reader.refuse(rest[0]!, `nothing may follow the node "${node.id}"; move this node`);
        return this.last(node, known);
    }
  }

  /** A node with nothing behind it, or with branches of its own. */
  private last(node: FileNode, known: Known): Step {
    switch (node.type) {
      case 'Switch':
        return choice(node, known, this.reader, this.follow);
      case 'Split':
        return split(node, known, this.reader, this.follow);
      case 'Sink':
        if (node.ref?.typ !== undefined && node.ref.typ !== 'kafka')
          this.reader.refuse(
            node,
            `the sink ${node.ref.typ} is not run here; use the sink kafka or a dead end`,
          );
        return sink(node, known, this.reader, this.schemas);
      case 'CustomNode':
        if (node.nodeType === 'dead-end') return ({ trace }) => trace?.({ node: node.id });
        return this.notRun(node, `the component ${node.nodeType ?? '?'}`);
      default:
        return this.notRun(node, NAMES[node.type] ?? `a node of type ${node.type}`);
    }
  }

  private notRun(node: FileNode, what: string): Step {
    this.reader.refuse(
      node,
      `${what} is not run here; use filter, choice, split, variable or decision table`,
    );
    return DEAD_END;
  }

  private variable(node: FileNode, known: Known): Compiled {
    return this.reader.expression(node, node.value, known, 'the value of the variable');
  }

  private assign(
    node: FileNode,
    value: Compiled,
    name: string | undefined,
    rest: readonly FileNode[],
    known: Known,
  ): Step {
    const { known: wider, slot } = this.reader.declare(node, name, value.type, known);
    const next = this.chain(rest, wider, node);
    const { run } = value;
    return (scope, emit) => {
      scope.trace?.({ node: node.id });
      const result = evaluate(node, run, scope, emit);
      if (result === FAILED) return;
      scope.slots[slot] = result;
      next(scope, emit);
    };
  }

  private recordOf(node: FileNode, known: Known): Compiled {
    const fields = (node.fields ?? []).map(({ name, expression }) => ({
      name,
      ...this.reader.expression(node, expression, known, `the field ${name}`),
    }));
    const names = fields.map(({ name }) => name);
    if (names.some((name, at) => name === '' || name === '__proto__' || names.indexOf(name) !== at))
      this.reader.refuse(node, 'each field of the record needs a name of its own');
    const type: Type = {
      kind: 'record',
      fields: new Map(fields.map((field) => [field.name, field.type])),
      ordered: false,
    };
    if (fields.some((field) => field.type === REFUSED)) return NOTHING;
    return { type, run: (scope) => Object.fromEntries(fields.map(({ name, run }) => [name, run(scope)])) };
  }
}

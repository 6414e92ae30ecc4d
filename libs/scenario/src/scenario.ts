import { compileExpression, type Expression, type Known } from './spel/compiler.js';
import { EvaluationFailed, ExpressionRefused } from './spel/expression-error.js';
import { isRecord, type Value } from './spel/value.js';
import { readDecisionTable } from './decision-table.js';
import { writeMessage, type TopicSchema } from './message.js';
import { FAILED, evaluate, runner, type Scenario, type Step } from './scenario-run.js';
import {
  ScenarioRefused,
  type FileExpression,
  type FileNode,
  type Problem,
  type ScenarioFile,
} from './scenario-file.js';

type Schemas = Readonly<Record<string, TopicSchema>>;

const DEAD_END: Step = () => undefined;

/**
 * Compiles an exported Nussknacker scenario. What this engine does not run exactly as Nussknacker does, it refuses.
 * @param schemas JSON Schema of each topic's value, by topic name.
 * @throws ScenarioRefused with every problem found.
 */
export function loadScenario(file: ScenarioFile, fileName: string, schemas: Schemas): Scenario {
  return new Loader(file, fileName, schemas).load();
}

class Loader {
  private readonly problems: Problem[] = [];

  constructor(
    private readonly file: ScenarioFile,
    private readonly fileName: string,
    private readonly schemas: Schemas,
  ) {}

  load(): Scenario {
    const [source, ...rest] = this.file.nodes ?? [];
    if (source?.type !== 'Source') {
      throw new ScenarioRefused(this.fileName, [
        { node: source?.id ?? '', message: 'the first node must be a Kafka source' },
      ]);
    }
    if ((this.file.additionalBranches ?? []).length > 0)
      this.refuse(source, 'further sources are not run here; make a scenario of its own for each source');
    const topic = this.textParameter(source, 'Topic');
    const schema = this.schemas[topic];
    if (schema === undefined)
      this.refuse(source, `the topic ${topic} has no JSON Schema in nussknacker/schemas`);
    const known: Known = {
      variables: new Set(['input', 'inputMeta']),
      fields: { input: new Set(Object.keys(schema?.properties ?? {})) },
    };
    const first = this.chain(rest, known);
    if (this.problems.length > 0) throw new ScenarioRefused(this.fileName, this.problems);
    return {
      name: this.file.metaData?.id ?? this.fileName,
      sourceTopic: topic,
      run: runner(source.id, schema!, first),
    };
  }

  private chain(nodes: readonly FileNode[], known: Known): Step {
    const [node, ...rest] = nodes;
    if (node === undefined) return DEAD_END;
    if (node.isDisabled === true) return this.chain(rest, known);
    switch (node.type) {
      case 'Variable':
        return this.assign(node, this.expression(node, node.value, known), node.varName!, rest, known);
      case 'VariableBuilder':
        return this.assign(node, this.recordOf(node, known), node.varName!, rest, known);
      case 'Enricher':
        return this.assign(node, this.decisionTable(node, known), node.output!, rest, known);
      case 'Filter':
        return this.filter(node, rest, known);
      case 'Switch':
        return this.choice(node, known);
      case 'Split': {
        const branches = ((node.nexts ?? []) as FileNode[][]).map((branch) => this.chain(branch, known));
        return (scope, emit) =>
          branches.forEach((branch, index) => {
            scope.trace?.({ node: node.id, edge: String(index + 1) });
            branch(scope, emit);
          });
      }
      case 'Sink':
        return this.sink(node, known);
      case 'CustomNode':
        if (node.nodeType === 'dead-end') return DEAD_END;
        return this.refuse(
          node,
          `the component ${node.nodeType ?? '?'} is not run here; use choice, filter, variable, decision table`,
        );
      default:
        return this.refuse(
          node,
          `a node of type ${node.type} is not run here; use choice, filter, variable, decision table`,
        );
    }
  }

  private assign(
    node: FileNode,
    value: Expression,
    name: string,
    rest: readonly FileNode[],
    known: Known,
  ): Step {
    const next = this.chain(rest, { ...known, variables: new Set([...known.variables, name]) });
    return (scope, emit) => {
      scope.trace?.({ node: node.id });
      const result = evaluate(node, value, scope, emit);
      if (result === FAILED) return;
      next({ ...scope, variables: { ...scope.variables, [name]: result } }, emit);
    };
  }

  private recordOf(node: FileNode, known: Known): Expression {
    const fields = (node.fields ?? []).map(
      ({ name, expression }) => [name, this.expression(node, expression, known)] as const,
    );
    return (scope) => Object.fromEntries(fields.map(([name, value]) => [name, value(scope)]));
  }

  private decisionTable(node: FileNode, known: Known): Expression {
    if (node.service?.id !== 'decision-table') {
      this.refuse(
        node,
        `the enricher ${node.service?.id ?? '?'} is not run here; only the decision table is`,
      );
      return () => null;
    }
    const parameter = (name: string): FileExpression | undefined =>
      node.service?.parameters?.find((one) => one.name === name)?.expression;
    const table = this.attempt(node, () => readDecisionTable(parameter('Decision Table')?.expression ?? ''));
    const condition = this.expression(node, parameter('Match condition'), {
      variables: new Set([...known.variables, 'ROW']),
      fields: { ...known.fields, ROW: new Set(table?.columns.map(({ name }) => name)) },
    });
    const rows = table?.rows ?? [];
    return (scope) => {
      const found = rows.filter((row, index) => {
        const matched = condition({ ...scope, variables: { ...scope.variables, ROW: row } });
        if (typeof matched !== 'boolean')
          throw new EvaluationFailed('the match condition is not true or false');
        if (matched) scope.trace?.({ node: node.id, edge: `row ${index + 1}` });
        return matched;
      });
      if (found.length === 0) scope.trace?.({ node: node.id, edge: 'no row' });
      return found;
    };
  }

  private filter(node: FileNode, rest: readonly FileNode[], known: Known): Step {
    const test = this.expression(node, node.expression ?? undefined, known);
    const [yes, no] = [this.chain(rest, known), this.chain(node.nextFalse ?? [], known)];
    return (scope, emit) => {
      const passed = evaluate(node, test, scope, emit);
      if (passed === FAILED) return;
      scope.trace?.({ node: node.id, edge: String(passed === true) });
      (passed === true ? yes : no)(scope, emit);
    };
  }

  private choice(node: FileNode, known: Known): Step {
    const nexts = (node.nexts ?? []) as { expression: FileExpression; nodes: FileNode[] }[];
    const branches = nexts.map(({ expression, nodes }) => ({
      test: this.expression(node, expression, known),
      step: this.chain(nodes, known),
    }));
    const otherwise = this.chain(node.defaultNext ?? [], known);
    return (scope, emit) => {
      for (const [index, { test, step }] of branches.entries()) {
        const chosen = evaluate(node, test, scope, emit);
        if (chosen === FAILED) return;
        if (chosen !== true) continue;
        scope.trace?.({ node: node.id, edge: String(index + 1) });
        return step(scope, emit);
      }
      scope.trace?.({ node: node.id, edge: 'default' });
      otherwise(scope, emit);
    };
  }

  private sink(node: FileNode, known: Known): Step {
    const topic = this.textParameter(node, 'Topic');
    const parameter = (name: string): FileExpression | undefined =>
      node.ref?.parameters?.find((one) => one.name === name)?.expression;
    if (parameter('Raw editor')?.expression !== 'true') this.refuse(node, 'the sink must use the raw editor');
    if (parameter('Value validation mode')?.expression !== "'lax'")
      this.refuse(node, "the value validation mode must be 'lax'");
    const key = this.expression(
      node,
      parameter('Key') ?? { language: 'spel', expression: '#inputMeta.key' },
      known,
    );
    const value = this.expression(node, parameter('Value'), known);
    const schema = this.schemas[topic];
    return (scope, emit) => {
      scope.trace?.({ node: node.id });
      const [k, v] = [evaluate(node, key, scope, emit), evaluate(node, value, scope, emit)];
      if (k === FAILED || v === FAILED) return;
      if (!isRecord(v)) return emit({ error: 'the value of the sink is not a record', node: node.id });
      emit({ topic, key: typeof k === 'string' ? k : null, value: writeMessage(v, schema) });
    };
  }

  private textParameter(node: FileNode, name: string): string {
    const expression = node.ref?.parameters?.find((one) => one.name === name)?.expression.expression ?? '';
    const match = /^'([^']+)'$/.exec(expression);
    if (match === null) this.refuse(node, `${name} must be a text in single quotes`);
    return match?.[1] ?? '';
  }

  private expression(node: FileNode, source: FileExpression | undefined, known: Known): Expression {
    const { language, expression } = source ?? { language: 'spel', expression: '' };
    if (language !== 'spel') this.refuse(node, `expressions in ${language} are not run here; use SpEL`);
    return this.attempt(node, () => compileExpression(expression, known), expression) ?? ((): Value => null);
  }

  private attempt<T>(node: FileNode, work: () => T, expression?: string): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      const position = error instanceof ExpressionRefused ? error.position : 0;
      this.problems.push({
        node: node.id,
        message: error.message,
        ...(expression === undefined ? {} : { expression, position }),
      });
      return undefined;
    }
  }

  private refuse(node: FileNode, message: string): Step {
    this.problems.push({ node: node.id, message });
    return DEAD_END;
  }
}

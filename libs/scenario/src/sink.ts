import type { FileNode } from './scenario-file.js';
import { messageWriter } from './message.js';
import type { NodeReader } from './node-reader.js';
import { fit, wanted, type JsonSchema, type TopicSchema } from './schema-types.js';
import { FAILED, evaluate, type Step } from './scenario-run.js';
import { fitsSchema } from './schema-value.js';
import { EvaluationFailed } from './spel/expression-error.js';
import type { Compiled, Known } from './spel/scope.js';
import { REFUSED, describe, isRecordLike, isText, options, type Type } from './spel/types.js';
import { isRecord, type Value } from './spel/value.js';

type Schemas = Readonly<Record<string, TopicSchema>>;

/** The node that writes a record to a topic. */
export function sink(node: FileNode, known: Known, reader: NodeReader, schemas: Schemas): Step {
  const topic = reader.constant(node, 'Topic');
  const schema = Object.hasOwn(schemas, topic) ? schemas[topic] : undefined;
  if (topic !== '' && schema === undefined)
    reader.refuse(node, `the topic ${topic} does not exist; there are: ${Object.keys(schemas).join(', ')}`);
  checkSettings(node, reader);
  const key = keyOf(node, known, reader);
  const value = reader.expression(node, reader.parameter(node, 'Value'), known, 'the value');
  const doubtful = schema === undefined ? [] : checkValue(node, value.type, schema, reader);
  const write = messageWriter(schema);
  return (scope, emit) => {
    scope.trace?.({ node: node.id });
    const written = evaluate(
      node,
      ({ slots, now }) => {
        const fields = value.run({ slots, now });
        if (!isRecord(fields)) throw new EvaluationFailed('the value of the sink is null, not a record');
        checkFields(fields, doubtful);
        return write(fields);
      },
      scope,
      emit,
    );
    const k = written === FAILED ? FAILED : evaluate(node, key.run, scope, emit);
    if (k === FAILED) return;
    emit({ topic, key: k as string | null, value: written as string });
  };
}

function checkSettings(node: FileNode, reader: NodeReader): void {
  if (reader.constant(node, 'Schema version') !== 'latest')
    reader.refuse(node, "Schema version must be 'latest'");
  if (reader.parameter(node, 'Raw editor')?.expression !== 'true')
    reader.refuse(node, 'switch on "Raw editor": the sink must take one expression as its value');
  if (reader.parameter(node, 'Value validation mode')?.expression !== "'lax'")
    reader.refuse(
      node,
      'set "Value validation mode" to lax, so that fields which the schema does not name are kept',
    );
}

function keyOf(node: FileNode, known: Known, reader: NodeReader): Compiled {
  const source = reader.parameter(node, 'Key');
  if (source === undefined || source.expression.trim() === '') {
    reader.refuse(
      node,
      'the key is empty; write #inputMeta.key, so that records of one disbursement stay in order',
    );
    return { type: { kind: 'text' }, run: () => null };
  }
  const key = reader.expression(node, source, known, 'the key');
  if (!isText(key.type) && key.type !== REFUSED)
    reader.refuse(node, `the key must be a text, not ${describe(key.type)}; write #inputMeta.key`);
  return key;
}

type Doubtful = readonly (readonly [string, JsonSchema])[];

/** Fields whose fit is only known at run time. */
function checkValue(node: FileNode, type: Type, schema: TopicSchema, reader: NodeReader): Doubtful {
  if (type === REFUSED) return [];
  if (type.kind === 'unknown') return Object.entries(schema.properties);
  if (!isRecordLike(type)) {
    reader.refuse(node, `the value must be a record such as #input, not ${describe(type)}`);
    return [];
  }
  const fields = (name: string): Type[] =>
    options(type).map((one) => {
      if (one.kind === 'map') return one.values;
      return (one.kind === 'record' ? one.fields.get(name) : undefined) ?? { kind: 'null' };
    });
  for (const name of schema.required ?? [])
    if (options(type).some((one) => one.kind !== 'record' || !one.fields.has(name)))
      reader.refuse(node, `the value needs the field ${name}, which the topic's schema requires`);
  return Object.entries(schema.properties).filter(([name, field]) => {
    const fits = fields(name).map((one) => fit(one, field));
    if (!fits.includes('never')) return fits.includes('perhaps');
    const found = fields(name).find((one) => fit(one, field) === 'never')!;
    reader.refuse(node, `the field ${name} of the value must be ${wanted(field)}, not ${describe(found)}`);
    return false;
  });
}

function checkFields(value: Record<string, Value>, doubtful: Doubtful): void {
  for (const [name, schema] of doubtful) {
    const field = value[name];
    if (field === null || field === undefined) continue;
    if (!fitsSchema(field, schema)) throw new EvaluationFailed(`the field ${name} is not ${wanted(schema)}`);
  }
}

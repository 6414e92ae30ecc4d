import { createRequire } from 'node:module';
import {
  encodeProduceRequest,
  isPlain,
  type ProduceArguments,
  type ProducedMessage,
} from './record-batch.js';

const load = createRequire(import.meta.url);

/** The only version whose internals were read; with any other, kafkajs stays as it is. */
const KNOWN_VERSION = '2.2.4';
const FIRST_WITH_RECORD_BATCHES = 3;

interface Encoded {
  request: { encode: () => Promise<unknown> };
  response: unknown;
}
type Protocol = (args: ProduceArguments) => Encoded;
interface ProduceDefinition {
  protocol: (choice: { version: number }) => Protocol;
}

interface GroupArguments {
  topic: string;
  partitionMetadata: readonly unknown[];
  messages: readonly ProducedMessage[];
  partitioner: (args: object) => number;
}

/**
 * Replaces two internals of kafkajs's producer that cost more than everything else in a hop (17 us a record against
 * 2): each record allocated an encoder of its own and computed in BigInt, and the list of a partition was copied for
 * each record. The bytes sent are the same; a test compares them. Must run before `kafkajs` is first loaded.
 * @returns false where the version is not the known one and nothing was replaced.
 */
export function replaceProduceInternals(version = installedVersion()): boolean {
  if (version !== KNOWN_VERSION) return false;
  replaceExports('kafkajs/src/producer/groupMessagesPerPartition', groupMessages);
  const definition = load('kafkajs/src/protocol/requests/produce') as ProduceDefinition;
  const stock = definition.protocol;
  definition.protocol = (choice) =>
    choice.version < FIRST_WITH_RECORD_BATCHES ? stock(choice) : withOurEncoder(stock(choice));
  return true;
}

/** The stock request with its body written here, where the request is plain. */
export function withOurEncoder(stock: Protocol): Protocol {
  return (args) => {
    const { request, response } = stock(args);
    if (!isPlain(args)) return { request, response };
    const encode = (): Promise<unknown> => {
      const buffer = encodeProduceRequest(args);
      // The part of kafkajs's Encoder that its caller reads.
      return Promise.resolve({ buf: buffer, buffer });
    };
    return { request: { ...request, encode }, response };
  };
}

/** Records per partition, each list grown in place. */
export function groupMessages({
  topic,
  partitionMetadata,
  messages,
  partitioner,
}: GroupArguments): Partial<Record<string, ProducedMessage[]>> {
  const groups: Partial<Record<string, ProducedMessage[]>> = {};
  if (partitionMetadata.length === 0) return groups;
  for (const message of messages) {
    const partition = partitioner({ topic, partitionMetadata, message });
    (groups[partition] ??= []).push(message);
  }
  return groups;
}

function installedVersion(): string {
  return (load('kafkajs/package.json') as { version: string }).version;
}

/** Takes effect for modules that load this one later. */
function replaceExports(name: string, replacement: unknown): void {
  load(name);
  const cached = load.cache[load.resolve(name)];
  if (cached !== undefined) cached.exports = replacement;
}

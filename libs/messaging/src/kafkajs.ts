import { createRequire } from 'node:module';
import { Logger } from '@nestjs/common';
import { replaceProduceInternals } from './kafkajs-produce.js';

if (!replaceProduceInternals())
  new Logger('Kafka').warn('this version of kafkajs is not known here: its own, slower producer is used');

// Loaded here and not by an import statement, which would run before the replacement.
const kafkajs = createRequire(import.meta.url)('kafkajs') as typeof import('kafkajs');

/** kafkajs with the replaced internals; nothing else of the product loads it. */
export const { Kafka, Partitioners, logLevel } = kafkajs;

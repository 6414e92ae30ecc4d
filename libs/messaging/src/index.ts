export * from './topics.js';
export * from './kafka-settings.js';
export * from './record.js';
export * from './kafka-connection.js';
export * from './dead-letters.js';
export * from './on-topic.decorator.js';
export * from './kafka-batch.strategy.js';
export * from './run-process.js';

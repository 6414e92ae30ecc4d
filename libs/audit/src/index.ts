export * from './chain.js';
export * from './chain.verify.js';
export * from './history.repository.js';
export * from './head.check.js';
export * from './head.record.js';
export * from './chain.export.js';
export * from './purge.js';
export type { Period } from './link.reader.js';

export * from './chain.js';
export * from './chain.verify.js';
export * from './history.repository.js';

export * from './data-source.js';
export * from './listen.js';
export * from './poller.js';
export * from './fresh-database.js';
export * from './parked.repository.js';
export * from './routing-engine.js';
export * from './routing-engine.hold.js';
export * from './scenario-version.repository.js';

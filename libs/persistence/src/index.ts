export * from './data-source.js';
export * from './hold-lock.js';
export * from './listen.js';
export * from './poller.js';
export * from './fresh-database.js';
export * from './parked.repository.js';

export * from './account.reader.js';
export * from './booking-id.js';
export * from './break.reader.js';
export * from './breaks.js';
export * from './import.js';
export * from './position.js';
export * from './statement.reader.js';

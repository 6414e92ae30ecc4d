export * from './booking-id.js';
export * from './import.js';
export * from './match.js';
export * from './breaks.js';

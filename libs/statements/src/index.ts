export * from './camt.js';
export * from './csv-list.js';
export * from './csv-mapping.js';
export * from './mt940.js';
export * from './read-statements.js';
export * from './statement.js';

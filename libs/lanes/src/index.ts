export * from './calling-window.js';
export * from './lane-standing.js';

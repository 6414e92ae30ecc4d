export * from './calling-window.js';

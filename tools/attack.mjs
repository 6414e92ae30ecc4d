import { prepare } from './prepare.mjs';

prepare();
await import('../dist/tools/attack/main.js');

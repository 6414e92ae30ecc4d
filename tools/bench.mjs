import { prepare } from './prepare.mjs';

prepare();
await import('../dist/tools/bench/main.js');

import { prepare } from './prepare.mjs';

prepare();
await import('../dist/tools/gpo/main.js');

import { rmSync } from 'node:fs';

export default async function tearDown() {
  const stack = globalThis.gpoTestStack;
  if (stack === undefined) return;
  globalThis.gpoTestStack = undefined;
  await Promise.all([stack.postgres.stop(), stack.kafka.stop()]);
  rmSync(stack.dir, { recursive: true, force: true });
  rmSync(stack.postgres.data, { recursive: true, force: true });
  rmSync(`${stack.postgres.data}.log`, { force: true });
}

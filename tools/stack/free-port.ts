import { createServer } from 'node:net';
import { PlainError } from './plain-error.js';

/** @throws PlainError that names the port when something listens on it already. */
export async function requireFreePort(port: number, what: string): Promise<void> {
  await listenOnce(port).catch((cause: unknown) => {
    throw new PlainError(
      `Port ${port} (${what}) is taken by another program: end that program, or start with --port N for other ports.`,
      { cause },
    );
  });
}

/** A port that was free a moment ago, on loopback. */
export function freePort(): Promise<number> {
  return listenOnce(0);
}

const RANGE_TRIES = 50;

/** The first of `count` ports in a row that were all free a moment ago, on loopback. */
export async function freePortRange(count: number): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const first = await freePort();
    const ports = Array.from({ length: count }, (_, index) => first + index);
    if (ports.at(-1)! <= 65_535 && (await allFree(ports))) return first;
    if (tries === RANGE_TRIES) throw new PlainError(`There are no ${count} free ports in a row.`);
  }
}

async function allFree(ports: readonly number[]): Promise<boolean> {
  const found = await Promise.allSettled(ports.map(listenOnce));
  return found.every(({ status }) => status === 'fulfilled');
}

function listenOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const taken = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(taken));
    });
  });
}

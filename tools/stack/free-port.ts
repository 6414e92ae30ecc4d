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

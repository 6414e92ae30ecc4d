import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { startSimulator } from './simulator.app.js';
import { readSimulatorConfig } from './simulator.config.js';

const logger = new Logger('rail-simulator');

function die(error: unknown): never {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (taken)
    error = new Error(
      'A port is taken: choose another one with SIMULATOR_PORT, or SIMULATOR_BANK_PORT for the bank.',
    );
  const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : '';
  process.stderr.write(`rail-simulator: ${error instanceof Error ? error.message : String(error)}${cause}\n`);
  process.exit(1);
}

try {
  const app = await startSimulator(readSimulatorConfig(process.env), die);
  Logger.overrideLogger(['log', 'warn', 'error']);
  logger.log(`listening on ${await app.getUrl()}`);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    app.close().then(() => process.exit(0), die);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
} catch (error) {
  die(error);
}

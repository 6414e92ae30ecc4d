import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { GsmaErrorFilter } from './gsma-error.filter.js';
import type { SimulatorConfig } from './simulator.config.js';
import { SimulatorModule, type OnFatal } from './simulator.module.js';

// A resolve request for 1,000 ids.
const BODY_BYTES_MAX = 1_048_576;

/** The simulator, listening. Used by main and, in-process, by tests. */
export async function startSimulator(
  config: SimulatorConfig,
  onFatal: OnFatal,
): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({ bodyLimit: BODY_BYTES_MAX, forceCloseConnections: true });
  const module = await SimulatorModule.create(config, onFatal);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: ['error', 'warn'],
  });
  app.useGlobalFilters(new GsmaErrorFilter());
  await app.listen(config.port, config.host);
  return app;
}

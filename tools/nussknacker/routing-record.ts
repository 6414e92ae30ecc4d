import {
  EngineRefused,
  claimRoutingEngine,
  createDataSource,
  recordScenarioVersions,
  runMigrations,
  type ScenarioActivation,
} from '@gpo/persistence';
import { canonicalJson, identifyScenario, type ScenarioFile } from '@gpo/scenario';
import { PlainError } from '../stack/plain-error.js';
import type { ScenarioSource } from './scenario-source.js';

// Migrations hold their lock on a connection of its own.
const POOL = 2;

/**
 * Deploys as the engine that routes, and records which versions it runs: Nussknacker passes no headers on, so histories
 * name the version that was deployed last.
 * @throws PlainError before anything is deployed where the embedded router is the one that routes, or PostgreSQL is away.
 */
export async function asRoutingEngine<T>(
  databaseUrl: string,
  designerUrl: string,
  sources: readonly ScenarioSource[],
  deploy: () => Promise<T>,
): Promise<T> {
  const dataSource = createDataSource(databaseUrl, POOL);
  try {
    await dataSource.initialize();
  } catch (cause) {
    throw new PlainError('PostgreSQL does not answer: start the installation, or set DATABASE_URL.', {
      cause,
    });
  }
  try {
    await runMigrations(dataSource);
    await claimRoutingEngine(dataSource, { engine: 'nussknacker', instance: designerUrl });
    const deployed = await deploy();
    await recordScenarioVersions(dataSource, 'nussknacker', sources.map(activation));
    return deployed;
  } catch (error) {
    if (error instanceof EngineRefused) throw new PlainError(error.message, { cause: error });
    throw error;
  } finally {
    await dataSource.destroy();
  }
}

function activation({ name, text }: ScenarioSource): ScenarioActivation {
  const file = JSON.parse(text) as ScenarioFile;
  return { ...identifyScenario(file, name), file: canonicalJson(file) };
}

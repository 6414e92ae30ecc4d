import type { Admin } from 'kafkajs';
import { createKafka, type KafkaSettings } from '@gpo/messaging';
import { PlainError } from '../stack/plain-error.js';
import { DesignerClient, DesignerRefused, type DesignerSettings } from './designer.client.js';
import { deployScenarios, type DeployOptions, type Deployed } from './deploy.js';
import type { ScenarioSource } from './scenario-source.js';

/** How long a Designer may take to answer after its start, and a scenario until it consumes. */
export const DEPLOY_TIMEOUT_MS = 120_000;

/**
 * Works with a Designer and closes it.
 * @throws PlainError, also for what the Designer refuses.
 */
export async function withDesigner<T>(
  settings: DesignerSettings,
  work: (designer: DesignerClient) => Promise<T>,
): Promise<T> {
  if (settings.password === '')
    throw new PlainError(
      'Set NUSSKNACKER_PASSWORD (and NUSSKNACKER_USER, NUSSKNACKER_URL): the Designer asks for them.',
    );
  const designer = new DesignerClient(settings);
  try {
    return await work(designer);
  } catch (error) {
    if (error instanceof DesignerRefused) throw new PlainError(error.message);
    throw error;
  } finally {
    designer.close();
  }
}

/** Deploys to a Designer and watches the consumer groups on this Kafka, which must be the one that Nussknacker uses. */
export async function deployTo(
  settings: DesignerSettings,
  kafka: KafkaSettings,
  sources: readonly ScenarioSource[],
  options: Pick<DeployOptions, 'say' | 'timeoutMs'>,
): Promise<Deployed[]> {
  if (kafka.topicPrefix !== '')
    throw new PlainError(
      'Nussknacker reads the topics that the scenario files name: unset KAFKA_TOPIC_PREFIX, or use the embedded router.',
    );
  return withDesigner(settings, (designer) =>
    withAdmin(kafka, (admin) => deployScenarios(sources, { designer, admin, ...options })),
  );
}

async function withAdmin<T>(kafka: KafkaSettings, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = createKafka(kafka, true).admin();
  try {
    await admin.connect();
  } catch (cause) {
    await admin.disconnect();
    throw new PlainError(
      `Kafka at ${kafka.brokers.join(', ')} does not answer: set KAFKA_BROKERS to the one that Nussknacker uses.`,
      { cause },
    );
  }
  try {
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}

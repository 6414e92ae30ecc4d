import type { Consumer } from 'kafkajs';
import { ScenarioRunner } from '../../apps/router/src/scenario.runner.js';
import { RouterMetrics } from '../../apps/router/src/router.metrics.js';
import { loadScenarios } from '../../apps/router/src/scenario.folder.js';
import {
  DeadLetters,
  KafkaBatchStrategy,
  KafkaConnection,
  TOPICS,
  physicalName,
  type InRecord,
} from '@gpo/messaging';
import {
  COPY_TOPIC,
  RoundClock,
  repeating,
  serveRole,
  type Role,
  type RoleParts,
  type RoleRound,
  type RunningRole,
} from './route-clock.js';
import { requestRecords } from './route-records.js';

/** Starts a role that is made of the product's own parts. */
async function start(role: Role, parts: RoleParts): Promise<RunningRole> {
  if (role === 'rules') return rulesOnly(parts);
  const clock = new RoundClock(parts.items);
  const consumer = await ours(role === 'route' ? role : 'copy-ours', parts, clock);
  return repeating(consumer, physicalName(parts.prefix, TOPICS.request.name), parts, clock);
}

async function ours(role: 'route' | 'copy-ours', parts: RoleParts, clock: RoundClock): Promise<Consumer> {
  const settings = { brokers: [parts.brokers], topicPrefix: parts.prefix, clientId: `gpo-bench-${role}` };
  const producer = new KafkaConnection(settings).producer();
  await producer.connect();
  const runner = new ScenarioRunner(producer, new DeadLetters(producer), new RouterMetrics());
  const scenario = loadScenarios('nussknacker/scenarios').find(
    ({ scenario: { sourceTopic } }) => sourceTopic === TOPICS.request.name,
  )!;
  const handle = async (batch: InRecord[]): Promise<void> => {
    clock.begin();
    if (role === 'route') await runner.run(scenario, batch);
    else
      await producer.send(
        COPY_TOPIC,
        batch.map(({ key, value }) => ({ key, value: value! })),
      );
    clock.end(batch.length);
  };
  const strategy = new KafkaBatchStrategy({
    settings,
    groupId: role,
    onFatal: (error) => {
      throw error;
    },
  });
  strategy.addHandler(TOPICS.request.name, handle, true);
  await new Promise<void>((resolve, reject) =>
    strategy.listen((error) => (error instanceof Error ? reject(error) : resolve())),
  );
  return strategy.unwrap<Consumer>();
}

/** The rules alone, without Kafka. */
function rulesOnly({ items }: RoleParts): RunningRole {
  const { scenario } = loadScenarios('nussknacker/scenarios').find(
    (loaded) => loaded.scenario.sourceTopic === TOPICS.request.name,
  )!;
  const messages = requestRecords(items, 1).map(({ key, value }) => ({ key, value: Buffer.from(value) }));
  const again = (): Promise<RoleRound> => {
    const clock = new RoundClock(items);
    const round = clock.next();
    clock.begin();
    let results = 0;
    for (const message of messages) results += scenario.run(message, Date.now).length;
    if (results !== items) throw new Error(`void: ${results} results for ${items} records`);
    clock.end(items);
    return round;
  };
  return { first: again(), again };
}

await serveRole(start);

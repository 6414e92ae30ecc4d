import type { DataSource } from 'typeorm';
import { inTransaction, type Sql } from './data-source.js';
import type { EngineName } from './routing-engine.js';

/** A scenario at one state of its file. */
export interface ScenarioRef {
  scenario: string;
  version: string;
}

/** What is recorded when a scenario becomes active. */
export interface ScenarioActivation extends ScenarioRef {
  sourceTopic: string;
  sinkTopics: readonly string[];
  /** The file as it is run. */
  file: string;
}

const RECORD_LOCK = 715_004;
const CACHE_MS = 1000;

/**
 * Records that an engine runs these versions from now on, so that a version found in a history can be read again.
 * What is the engine's newest version already is not recorded twice, also when replicas start together.
 */
export async function recordScenarioVersions(
  dataSource: DataSource,
  engine: EngineName,
  activations: readonly ScenarioActivation[],
): Promise<void> {
  await inTransaction(dataSource, async (sql) => {
    await sql.query('SELECT pg_advisory_xact_lock($1)', [RECORD_LOCK]);
    for (const { scenario, version, sourceTopic, sinkTopics, file } of activations) {
      await sql.query(
        `INSERT INTO scenario_version (scenario, version, engine, source_topic, sink_topics, file)
         SELECT $1, $2, $3, $4, $5, $6
          WHERE $2 IS DISTINCT FROM (SELECT v.version FROM scenario_version v
                                      WHERE v.engine = $3 AND v.scenario = $1
                                      ORDER BY v.activation_id DESC LIMIT 1)`,
        [scenario, version, engine, sourceTopic, sinkTopics, file],
      );
    }
  });
}

/**
 * Which rules wrote a record that does not say so itself. Nussknacker passes no headers on, so with it the version is
 * the one deployed last; our own router names its version in each record, and a record without was not written by it.
 */
export class ActiveScenarios {
  private readAt = 0;
  private writers: Promise<Map<string, ScenarioRef>> = Promise.resolve(new Map<string, ScenarioRef>());

  constructor(private readonly sql: Sql) {}

  /** @returns undefined where nobody, or more than one scenario, writes this topic. */
  async writerOf(topic: string): Promise<ScenarioRef | undefined> {
    if (Date.now() - this.readAt > CACHE_MS) {
      this.readAt = Date.now();
      this.writers = readWriters(this.sql);
      this.writers.catch(() => (this.readAt = 0));
    }
    return (await this.writers).get(topic);
  }
}

async function readWriters(sql: Sql): Promise<Map<string, ScenarioRef>> {
  const rows = await sql.query<(ScenarioRef & { sink_topics: string[] })[]>(
    `SELECT DISTINCT ON (v.scenario) v.scenario, v.version, v.sink_topics
       FROM routing_engine e JOIN scenario_version v USING (engine)
      WHERE e.engine = 'nussknacker' ORDER BY v.scenario, v.activation_id DESC`,
  );
  const writers = new Map<string, ScenarioRef>();
  const ambiguous = new Set<string>();
  for (const { scenario, version, sink_topics } of rows) {
    for (const topic of sink_topics) {
      if (writers.has(topic)) ambiguous.add(topic);
      writers.set(topic, { scenario, version });
    }
  }
  for (const topic of ambiguous) writers.delete(topic);
  return writers;
}

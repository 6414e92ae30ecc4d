import { readFileSync } from 'node:fs';
import { ALL_TOPICS, RETENTION_MAX_MS, type Topic } from './topics.js';

const DAY_MS = 86_400_000;
const NAME = /^[a-zA-Z0-9._-]{1,200}$/;
const PARTITIONS_MAX = 1000;
const FIELDS = ['name', 'partitions', 'retention_days'];

/**
 * The topics of an installation: those of the product, with the partitions and retention that the file gives them,
 * and those that only the file names (for scenarios of its own).
 * @param file path of TOPICS_FILE, a JSON list of {name, partitions, retention_days}; undefined or '' = the product's.
 * @throws Error with one sentence that names the entry.
 */
export function topicsOf(file: string | undefined): readonly Topic[] {
  if (file === undefined || file === '') return ALL_TOPICS;
  const own = readTopics(file);
  const byName = new Map(own.map((topic) => [topic.name, topic]));
  const product = ALL_TOPICS.map((topic) => byName.get(topic.name) ?? topic);
  const names = new Set(ALL_TOPICS.map(({ name }) => name));
  return [...product, ...own.filter(({ name }) => !names.has(name))];
}

function readTopics(file: string): Topic[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`The topics file ${file} cannot be read as JSON; see TOPICS_FILE.`, { cause });
  }
  if (!Array.isArray(parsed)) throw new Error(`The topics file ${file} must hold a list.`);
  const topics = parsed.map((entry: unknown, index) => readTopic(file, entry, index));
  const twice = topics.find(({ name }, index) => topics.findIndex((one) => one.name === name) !== index);
  if (twice !== undefined) throw new Error(`The topics file ${file} names ${twice.name} twice.`);
  return topics;
}

function readTopic(file: string, entry: unknown, index: number): Topic {
  const fail = (what: string): never => {
    throw new Error(`Entry ${index + 1} of the topics file ${file}: ${what}.`);
  };
  if (typeof entry !== 'object' || entry === null) return fail('it is not an object');
  const unknown = Object.keys(entry).find((field) => !FIELDS.includes(field));
  if (unknown !== undefined) return fail(`there is no field ${unknown}; there are ${FIELDS.join(', ')}`);
  const { name, partitions, retention_days: days } = entry as Record<string, unknown>;
  if (typeof name !== 'string' || !NAME.test(name))
    return fail('name must be 1 to 200 letters, digits, dots, dashes or underscores');
  if (!Number.isInteger(partitions) || Number(partitions) < 1 || Number(partitions) > PARTITIONS_MAX)
    return fail(`partitions must be a whole number from 1 to ${PARTITIONS_MAX}`);
  if (typeof days !== 'number' || !(days > 0) || days * DAY_MS > RETENTION_MAX_MS)
    return fail(
      `retention_days must be above 0 and at most ${RETENTION_MAX_MS / DAY_MS}: attempts must outlive it`,
    );
  return { name, partitions: Number(partitions), retentionMs: Math.round(days * DAY_MS) };
}

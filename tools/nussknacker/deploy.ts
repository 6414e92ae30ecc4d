import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Admin } from 'kafkajs';
import { PlainError } from '../stack/plain-error.js';
import { Consumption } from './consumption.js';
import { DesignerRefused, type DesignerClient } from './designer.client.js';
import type { ScenarioProblem } from './scenario-problem.js';
import { problemsOfFile, type ScenarioSource } from './scenario-source.js';

export interface DeployOptions {
  designer: DesignerClient;
  admin: Admin;
  /** Longest wait for the Designer to answer, and again for each scenario to consume, in milliseconds. */
  timeoutMs: number;
  say: (line: string) => void;
}

export interface Deployed {
  scenario: string;
  /** `unchanged`: this version was saved and ran already. */
  result: 'created' | 'updated' | 'deployed again' | 'unchanged';
}

const COMMENT = 'gpo rules deploy';
const LOOK_MS = 500;

/** The scenario is not deployed; every problem with its node. */
export class ScenarioInvalid extends PlainError {
  constructor(
    scenario: string,
    readonly problems: readonly ScenarioProblem[],
  ) {
    const lines = problems.map(
      ({ node, message }) => `  ${node === '' ? 'scenario' : `node "${node}"`}: ${message}`,
    );
    super(`The scenario "${scenario}" is not valid and was not deployed:\n${lines.join('\n')}`);
  }
}

/**
 * Brings scenarios to Nussknacker: creates or updates, validates, saves, deploys, and waits until each one consumes.
 * Doing it again changes nothing. @throws PlainError, ScenarioInvalid, DesignerRefused: the first that fails ends it.
 */
export async function deployScenarios(
  sources: readonly ScenarioSource[],
  options: DeployOptions,
): Promise<Deployed[]> {
  await untilHealthy(options);
  const done: Deployed[] = [];
  for (const source of sources) {
    const result = await deployOne(source, options);
    done.push({ scenario: source.name, result });
  }
  return done;
}

async function untilHealthy({ designer, timeoutMs, say }: DeployOptions): Promise<void> {
  const until = Date.now() + timeoutMs;
  for (let tries = 0; ; tries += 1) {
    try {
      return await designer.health();
    } catch (error) {
      const final = !(error instanceof DesignerRefused) || error.status === 401 || error.status === 403;
      if (final || Date.now() > until) throw error;
      if (tries === 0) say('Waiting for the Designer...');
      await sleep(LOOK_MS);
    }
  }
}

async function deployOne(source: ScenarioSource, options: DeployOptions): Promise<Deployed['result']> {
  const { designer, admin, say } = options;
  const { name, text, topics } = source;
  refuseIf(name, problemsOfFile(source));
  const exists = (await designer.create(name)) === 'exists';
  const graph = await designer.import(name, text);
  refuseIf(name, await designer.validate(name, graph));
  const same = exists && isDeepStrictEqual(JSON.parse(await designer.export(name)), JSON.parse(text));
  if (!same) refuseIf(name, await designer.save(name, graph, COMMENT));
  const { saved, deployed } = await designer.versions(name);
  const runs =
    same && saved !== undefined && saved === deployed && (await designer.status(name)) === 'RUNNING';
  const consumption = await Consumption.before(admin, name, topics, !runs);
  if (!runs) {
    const answer = await designer.deploy(name, COMMENT);
    if (answer === 'threads-busy')
      say(`${name}: the run before had not ended in time; waiting for the new one...`);
  }
  const seen = await untilConsuming(name, consumption, options);
  const result = runs ? 'unchanged' : same ? 'deployed again' : exists ? 'updated' : 'created';
  say(`${name}: ${result}, ${seen}.`);
  return result;
}

function refuseIf(scenario: string, problems: readonly ScenarioProblem[]): void {
  if (problems.length > 0) throw new ScenarioInvalid(scenario, problems);
}

async function untilConsuming(
  scenario: string,
  consumption: Consumption,
  { designer, timeoutMs }: DeployOptions,
): Promise<string> {
  const until = Date.now() + timeoutMs;
  for (;;) {
    const [status, { yes, seen }] = [await designer.status(scenario), await consumption.look()];
    if (yes && status === 'RUNNING') return seen;
    if (status === 'PROBLEM')
      throw new PlainError(`The Designer reports a problem with "${scenario}": see its page and its log.`);
    if (Date.now() > until) throw new PlainError(sentence(scenario, status, seen, timeoutMs));
    await sleep(LOOK_MS);
  }
}

function sentence(scenario: string, status: string, seen: string, timeoutMs: number): string {
  const within = `within ${Math.round(timeoutMs / 1000)} seconds`;
  if (status === 'RESTARTING')
    return (
      `The scenario "${scenario}" restarts again and again and did not consume ${within}: one message stops it. ` +
      'Look at the log of the Designer and at gpo rules errors, mend the rule (guard against null), and deploy again.'
    );
  return (
    `The scenario "${scenario}" was deployed but did not consume ${within}: the Designer says ${status}, and ${seen}. ` +
    'Look at the log of the Designer; check that it reaches Kafka and the schema registry.'
  );
}

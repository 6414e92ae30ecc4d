import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { RouterMetrics } from './router.metrics.js';
import { loadScenarios } from './scenario.folder.js';
import { ScenarioRegistry } from './scenario.registry.js';

const FILE = 'request-check.json';
const TOPIC = 'g2p.request';
const shipped = readFileSync(join('nussknacker/scenarios', FILE), 'utf8');
const changed = shipped.replace('\\"500000\\"', '\\"500001\\"');

async function until(test: () => boolean): Promise<void> {
  const end = Date.now() + 5000;
  while (!test()) {
    if (Date.now() > end) throw new Error('not within 5 s');
    await sleep(20);
  }
}

describe('a scenario file that changes under a running router', () => {
  let folder: string;
  let registry: ScenarioRegistry;
  let metrics: RouterMetrics;
  let recorded: string[];
  let recordFails: boolean;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
    writeFileSync(join(folder, FILE), shipped);
    metrics = new RouterMetrics();
    recorded = [];
    recordFails = false;
    registry = new ScenarioRegistry({
      folder,
      pollMs: 100,
      loaded: loadScenarios(folder),
      metrics,
      record: ({ identity }) => {
        if (recordFails) return Promise.reject(new Error('PostgreSQL is away'));
        recorded.push(identity.version);
        return Promise.resolve();
      },
    });
    registry.start();
  });

  afterEach(async () => {
    await registry.stop();
    rmSync(folder, { recursive: true });
  });

  const version = (): string => registry.ofTopic(TOPIC).identity.version;
  const failures = async (): Promise<number> =>
    (await metrics.registry.getSingleMetric('gpo_scenario_reload_failures_total')!.get()).values.reduce(
      (sum, { value }) => sum + value,
      0,
    );

  it('runs from then on, is recorded first, and leaves whoever took the one before with it', async () => {
    expect(changed).not.toBe(shipped);
    const before = registry.ofTopic(TOPIC);
    writeFileSync(join(folder, FILE), changed);
    await until(() => version() !== before.identity.version);
    expect(recorded).toEqual([version()]);
    expect(before.text).toBe(shipped);
    expect(registry.ofTopic(TOPIC).headers).toEqual({ 'gpo-scenario': `request-check@${version()}` });
    const active = await metrics.registry.getSingleMetric('gpo_scenario_active')!.get();
    expect(active.values.map(({ labels }) => labels.version)).toEqual([version()]);
  });

  it('is taken over when an editor writes it beside and renames it', async () => {
    const before = version();
    writeFileSync(join(folder, `.${FILE}.swp.json`), changed.slice(0, 100));
    writeFileSync(join(folder, 'new.tmp'), changed);
    renameSync(join(folder, 'new.tmp'), join(folder, FILE));
    await until(() => version() !== before);
    expect(registry.refused()).toEqual([]);
  });

  it('is not judged while it is still being written', async () => {
    const before = version();
    for (let part = 1; part <= 10; part += 1) {
      writeFileSync(join(folder, FILE), changed.slice(0, Math.floor((changed.length * part) / 10)));
      await sleep(60);
    }
    await until(() => version() !== before);
    expect(await failures()).toBe(0);
  });

  it('goes on with the version before when it is not valid, says so, and runs again when it is mended', async () => {
    const before = version();
    writeFileSync(join(folder, FILE), changed.replaceAll('#input.amount', '#input.amnt'));
    await until(() => registry.refused().length === 1);
    expect(version()).toBe(before);
    expect(registry.refused()[0]!.sentence).toContain('amnt');
    expect(await failures()).toBe(1);
    await sleep(400);
    expect(await failures()).toBe(1);
    writeFileSync(join(folder, FILE), changed);
    await until(() => version() !== before);
    expect(registry.refused()).toEqual([]);
  });

  it.each([
    ['cut off', changed.slice(0, 900), 'not JSON'],
    ['empty', '', 'not JSON'],
    ['another source topic', changed.replaceAll("'g2p.request'", "'g2p.response'"), 'start it anew'],
  ])('is refused with a sentence when it is %s', async (_name, text, sentence) => {
    const before = version();
    writeFileSync(join(folder, FILE), text);
    await until(() => registry.refused().length === 1);
    expect(registry.refused()[0]!.sentence).toContain(sentence);
    expect(version()).toBe(before);
  });

  it('removed or added files change nothing and say that the router must start anew', async () => {
    rmSync(join(folder, FILE));
    writeFileSync(join(folder, 'other.json'), readFileSync('nussknacker/scenarios/response-routing.json'));
    await until(() => registry.refused().length === 2);
    expect(registry.refused().map(({ sentence }) => sentence)).toEqual([
      expect.stringContaining('was removed: start the router anew'),
      expect.stringContaining('is new and reads g2p.response: start the router anew'),
    ]);
    expect(registry.active()).toHaveLength(1);
  });

  it('does not run before it is recorded, and runs when that succeeds', async () => {
    const before = version();
    recordFails = true;
    writeFileSync(join(folder, FILE), changed);
    await sleep(800);
    expect(version()).toBe(before);
    recordFails = false;
    await until(() => version() !== before);
  });
});

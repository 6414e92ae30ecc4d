import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import type { Registry } from 'prom-client';
import { measureLag } from '@gpo/messaging';
import { ConnectorsMetrics } from '../../apps/connectors/src/health/connectors.metrics.js';
import { GatewayMetrics } from '../../apps/gateway/src/health/gateway.metrics.js';
import { RouterMetrics } from '../../apps/router/src/router.metrics.js';

const RULES = readFileSync('docker/prometheus/alerts.yaml', 'utf8');
const DASHBOARD = readFileSync('docker/grafana/gpo.json', 'utf8');
const PROMTOOL = process.env.PROMTOOL ?? 'promtool';
const hasPromtool = spawnSync(PROMTOOL, ['--version']).status === 0;

/** Every name under which a process of ours publishes something. */
function published(): Set<string> {
  const registries: Registry[] = [new GatewayMetrics(), new ConnectorsMetrics(), new RouterMetrics()].map(
    ({ registry }) => registry,
  );
  measureLag(registries[0]!, { lags: () => [] });
  return new Set(registries.flatMap((one) => one.getMetricsAsArray().map(({ name }) => name)));
}

const named = (text: string): string[] => [
  ...new Set([...text.matchAll(/\bgpo_[a-z_]+/g)].map(([name]) => name.replace(/_bucket$/, ''))),
];

describe('alert rules and dashboard', () => {
  it.each([
    ['alerts.yaml', RULES],
    ['gpo.json', DASHBOARD],
  ])('%s asks for nothing that no process publishes', (_file, text) => {
    const names = published();
    expect(named(text).length).toBeGreaterThan(5);
    expect(named(text).filter((name) => !names.has(name))).toEqual([]);
  });

  it('a metric that nobody publishes is found', () => {
    expect(named('gpo_lane_open > gpo_never_heard_of').filter((name) => !published().has(name))).toEqual([
      'gpo_never_heard_of',
    ]);
  });

  it('every alert says what to do, and docs/operations.md explains it', () => {
    const alerts = [...RULES.matchAll(/- alert: (\w+)([^]*?)(?=- alert:|$)/g)];
    expect(alerts.length).toBeGreaterThanOrEqual(10);
    const page = readFileSync('docs/operations.md', 'utf8');
    for (const [, name, body] of alerts) {
      expect(body).toMatch(/\n {10}action: \S/);
      expect(page).toContain(`\`${name}\``);
    }
  });

  (hasPromtool ? it : it.skip)(
    'promtool takes the rules, and each fires on its trouble and not beside it',
    () => {
      const run = (...words: string[]): string => {
        const { status, stdout, stderr } = spawnSync(PROMTOOL, words, {
          cwd: 'docker/prometheus',
          encoding: 'utf8',
        });
        return `${status} ${stdout}${stderr}`;
      };
      expect(run('check', 'config', 'prometheus.yaml')).toMatch(/^0 /);
      expect(run('check', 'rules', 'alerts.yaml')).toMatch(/^0 .*12 rules found/s);
      expect(run('test', 'rules', 'alerts.test.yaml')).toMatch(/^0 .*SUCCESS/s);
    },
  );
});

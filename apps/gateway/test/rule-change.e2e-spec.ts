import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';

const LINES_PER_BATCH = 500;
const BATCHES = 20;
const ROW = '[null,\\"account_no\\",null,\\"core-banking\\"]';

interface LaneCount {
  lane: string;
  scenario: string;
  version: string;
  attempts: number;
}

describe('rules that change while disbursements are flowing', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gpo-rules-'));
  const file = join(folder, 'request-check.json');
  let rig: PathRig;

  beforeAll(async () => {
    cpSync('nussknacker/scenarios', folder, { recursive: true });
    const env = { SCENARIOS_DIR: folder };
    rig = await PathRig.start({
      env: { router: env, 'rail-simulator': { SIMULATOR_DELAY_MS: '0', SIMULATOR_SYNCHRONOUS: 'true' } },
    });
  }, 120_000);

  afterAll(async () => {
    await rig.stop();
    rmSync(folder, { recursive: true });
  }, 60_000);

  it('one changed row of the lane table moves later ones to the other lane, loses none, pays none twice', async () => {
    const ids = Array.from({ length: BATCHES }, () => randomUUID());
    const sent = (async (): Promise<void> => {
      for (const id of ids) {
        expect((await rig.post(message(id, lines(id)))).status).toBe(200);
        await sleep(100);
      }
    })();
    await until(60_000, async () => ((await attempts()) >= 2000 ? true : undefined));
    const before = await routedVersion();
    replace(readFileSync(file, 'utf8').replace(ROW, ROW.replace('core-banking', 'mobile-money')));
    const after = await until(10_000, async () => {
      const version = await routedVersion();
      return version === before ? undefined : version;
    });
    await sent;
    for (const id of ids) await rig.settled(id, 120_000);
    const journal = await rig.journal();
    expect(journal.double_payments).toBe(0);
    const counts = await lanes();
    expect(counts.map(({ lane, scenario, version }) => ({ lane, scenario, version }))).toEqual([
      { lane: 'core-banking', scenario: 'request-check', version: before },
      { lane: 'mobile-money', scenario: 'request-check', version: after },
    ]);
    expect(counts.reduce((sum, row) => sum + row.attempts, 0)).toBe(BATCHES * LINES_PER_BATCH);
    expect(Math.min(...counts.map((row) => row.attempts))).toBeGreaterThan(500);
    const [states] = await rig.sql
      .query<{ succeeded: number; total: number }>(
        `SELECT count(*) FILTER (WHERE state = 'succeeded')::int AS succeeded, count(*)::int AS total FROM disbursement`,
      )
      .then(({ rows }) => rows);
    expect(states).toEqual({ succeeded: BATCHES * LINES_PER_BATCH, total: BATCHES * LINES_PER_BATCH });
  }, 240_000);

  it('the history of a disbursement names scenario and version of each decision, and the version can be read', async () => {
    const { rows } = await rig.sql.query<{ disbursement_id: string }>(
      `SELECT disbursement_id FROM attempt WHERE lane = 'mobile-money' LIMIT 1`,
    );
    const answer = await fetch(`${rig.gatewayUrl}/api/v1/disbursements/${rows[0]!.disbursement_id}`, {
      headers: { Authorization: 'Bearer auditor-dev-key' },
    });
    const found = (await answer.json()) as {
      attempts: { scenario: string; scenario_version: string }[];
      history: { to_state: string; scenario: string; scenario_version: string }[];
    };
    expect(found.attempts[0]!.scenario).toBe('request-check');
    const last = found.history.at(-1)!;
    expect(last).toMatchObject({ to_state: 'succeeded', scenario: 'response-routing' });
    const versions = await rig.sql.query<{ file: string }>(
      `SELECT file FROM scenario_version WHERE scenario = $1 AND version = $2`,
      ['request-check', found.attempts[0]!.scenario_version],
    );
    expect(versions.rows[0]!.file).toContain(ROW.replace('core-banking', 'mobile-money'));
  });

  it('a file that is not valid is refused in health and metrics, and the rules before go on', async () => {
    const good = readFileSync(file, 'utf8');
    replace(good.replaceAll('#input.amount', '#input.amnt'));
    const refused = await until(10_000, async () => {
      const detail = (await (await fetch(`${routerUrl()}/health/detail`)).json()) as {
        refused: { file: string; sentence: string }[];
      };
      return detail.refused[0];
    });
    expect(refused).toMatchObject({ file: 'request-check.json', sentence: expect.stringContaining('amnt') });
    const metrics = await (await fetch(`${routerUrl()}/metrics`)).text();
    expect(metrics).toContain('gpo_scenario_reload_failures_total{file="request-check.json"} 1');
    expect(metrics).toMatch(
      /gpo_route_results_total\{scenario="request-check",topic="g2p.filtered-requests"\} 1\d{4}/,
    );
    const id = randomUUID();
    await rig.post(message(id, lines(id).slice(0, 20)));
    const batch = await rig.settled(id);
    expect(batch.states.succeeded!.count).toBe(20);
    replace(good);
  }, 90_000);

  function routerUrl(): string {
    return `http://127.0.0.1:${rig.apps.get('router')!.options.port}`;
  }

  /** As an editor does: written beside, then renamed. */
  function replace(text: string): void {
    expect(text).not.toBe(readFileSync(file, 'utf8'));
    writeFileSync(`${file}.tmp`, text);
    renameSync(`${file}.tmp`, file);
  }

  async function attempts(): Promise<number> {
    const { rows } = await rig.sql.query<{ count: number }>('SELECT count(*)::int AS count FROM attempt');
    return rows[0]!.count;
  }

  async function routedVersion(): Promise<string> {
    const { rows } = await rig.sql.query<{ version: string }>(
      `SELECT version FROM scenario_version WHERE scenario = 'request-check' ORDER BY activation_id DESC LIMIT 1`,
    );
    return rows[0]!.version;
  }

  async function lanes(): Promise<LaneCount[]> {
    const { rows } = await rig.sql.query<LaneCount>(
      `SELECT lane, scenario, scenario_version AS version, count(*)::int AS attempts
         FROM attempt GROUP BY lane, scenario, scenario_version ORDER BY lane`,
    );
    return rows;
  }
});

function lines(batch: string): Record<string, string>[] {
  return Array.from({ length: LINES_PER_BATCH }, (_, index) => ({
    reference_id: `${batch}-${index}`,
    payee_fa: `account_no:${1_000_000 + index}@BANKRWRW`,
    payee_name: 'Amina Yusuf',
    amount: '100.50',
    currency_code: 'KES',
  }));
}

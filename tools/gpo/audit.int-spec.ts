import { execFile, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { KafkaConnection, TOPICS, type RecordProducer } from '@gpo/messaging';
import { HeadPublisher } from '../../apps/gateway/src/audit/head.publisher.js';
import { readGatewayConfig } from '../../apps/gateway/src/gateway.config.js';
import { writeHistory } from '../../libs/audit/src/history.rig-spec.js';
import { RecordRig } from '../testing/record-rig-spec.js';
import { recordsIn } from '../testing/records-in-spec.js';

const PYTHON = spawnSync('python3', ['--version']).status === 0;

let rig: RecordRig;
let kafka: KafkaConnection;
let producer: RecordProducer | undefined;
let publisher: HeadPublisher;
beforeAll(async () => {
  rig = await RecordRig.start();
}, 60_000);
beforeEach(async () => {
  await rig.clear();
  await producer?.close();
  const env = {
    DATABASE_URL: rig.url,
    KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
    KAFKA_TOPIC_PREFIX: `a${randomBytes(4).toString('hex')}.`,
  };
  const config = readGatewayConfig(env);
  kafka = new KafkaConnection(config.kafka);
  await kafka.ensureTopics([TOPICS.audit]);
  producer = kafka.producer();
  await producer.connect();
  publisher = new HeadPublisher(rig.dataSource, producer, config);
});
afterAll(async () => {
  await producer?.close();
  await rig.stop();
}, 30_000);

interface Ran {
  code: number;
  out: string;
  err: string;
}

/** `npm run gpo -- audit ...` as its own process. */
function gpo(...words: string[]): Promise<Ran> {
  const { topicPrefix } = kafka.settings;
  const env = {
    ...process.env,
    DATABASE_URL: rig.url,
    KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!,
    KAFKA_TOPIC_PREFIX: topicPrefix,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, ['dist/tools/gpo/main.js', 'audit', ...words], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    );
  });
}

async function verify(...words: string[]): Promise<Record<string, unknown>> {
  const { out } = await gpo('verify', '--json', ...words);
  return (JSON.parse(out) as Record<string, unknown>[])[0]!;
}

/** A superuser changes what happened to one disbursement, and rebuilds its chain from there on. */
async function rewriteChain(chain: number): Promise<void> {
  await rig.dataSource.transaction(async (sql) => {
    await sql.query('SET LOCAL session_replication_role = replica');
    await sql.query(`UPDATE history SET to_state = 'failed' WHERE chain = $1 AND link = 3`, [chain]);
    for (let link = 3; ; link += 1) {
      await sql.query(
        `UPDATE audit_link l SET leaves = (SELECT string_agg(history_leaf(h), ''::bytea ORDER BY history_id)
                                             FROM history h WHERE h.chain = l.chain AND h.link = l.link)
          WHERE chain = $1 AND link = $2`,
        [chain, link],
      );
      const moved = await sql.query<unknown[][]>(
        `UPDATE audit_link l SET hash = audit_link_hash(l.chain, l.link, l.lines, l.leaves, l.at, before.hash)
           FROM audit_link before
          WHERE l.chain = $1 AND l.link = $2 AND before.chain = l.chain AND before.link = l.link - 1 RETURNING 1`,
        [chain, link],
      );
      if (moved[0]!.length === 0) break;
    }
    await sql.query(
      `UPDATE audit_head h SET hash = l.hash FROM audit_link l WHERE h.chain = $1 AND l.chain = h.chain AND l.link = h.link`,
      [chain],
    );
  });
}

describe('published heads', () => {
  it('go to Kafka once each, and a chain that was rewritten to its end no longer fits them', async () => {
    await writeHistory(rig, 2);
    await publisher.publish();
    await publisher.publish();
    expect(await recordsIn(kafka, TOPICS.audit.name)).toBe(1);
    await writeHistory(rig, 3);
    await publisher.publish();
    expect(await verify()).toMatchObject({ verdict: 'intact', heads: 8, rows: 100, links: 20, findings: [] });

    await rewriteChain(1);
    expect(await verify('--no-published')).toMatchObject({ verdict: 'intact', heads: 0 });
    const findings = [{ kind: 'recomputed', chain: 1, link: 5, after: 2 }];
    expect(await verify()).toMatchObject({ verdict: 'not intact', findings });
    expect((await gpo('verify')).out).toMatch(
      /recomputed +1 +5 +2 +this link is not the one that was published/,
    );
  }, 60_000);

  it('a head that the receiver of a callback kept shows the same, and a line that is none is named', async () => {
    await writeHistory(rig, 4);
    const file = join(mkdtempSync(join(tmpdir(), 'gpo-heads-')), 'kept.jsonl');
    const [head] = await rig.rows(
      `SELECT chain, link::int, encode(hash, 'hex') AS hash FROM audit_link WHERE chain = 2 AND link = 4`,
    );
    writeFileSync(file, `${JSON.stringify({ header: { meta: { audit: head } } })}\n`);
    expect(await verify('--heads', file)).toMatchObject({ verdict: 'intact', heads: 1 });
    await rewriteChain(2);
    expect(await verify('--heads', file)).toMatchObject({
      findings: [{ kind: 'recomputed', chain: 2, link: 4, after: 0 }],
    });
    writeFileSync(file, '{}\n{"chain":1}\n');
    const refused = await gpo('verify', '--heads', file);
    expect(refused).toMatchObject({ code: 1 });
    expect(refused.err).toContain(`Line 1 of ${file}: no head`);
  }, 60_000);

  it('a period is verified by itself: what was changed in it is found, what lies outside is not asked', async () => {
    await writeHistory(rig, 3);
    const [clock] = await rig.rows<{ now: string }>(
      `SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') AS now`,
    );
    const { now } = clock!;
    await writeHistory(rig, 3);
    await publisher.publish();
    expect(await verify('--to', now)).toMatchObject({ verdict: 'intact', links: 16, rows: 80 });
    expect(await verify('--from', now)).toMatchObject({ verdict: 'intact', links: 12, rows: 60 });
    await rig.dataSource.transaction(async (sql) => {
      await sql.query('SET LOCAL session_replication_role = replica');
      await sql.query(`DELETE FROM audit_link WHERE chain = 0 AND link = 2`);
    });
    expect(await verify('--from', now)).toMatchObject({ verdict: 'intact' });
    expect((await verify('--to', now)).findings).toContainEqual({ kind: 'link-missing', chain: 0, link: 2 });
    expect(await gpo('verify', '--from', 'yesterday')).toMatchObject({ code: 64 });
  }, 60_000);
});

(PYTHON ? describe : describe.skip)('an export, verified by a program of its own in another language', () => {
  const python = (...words: string[]): { status: number | null; stdout: string } =>
    spawnSync('python3', ['tools/audit/verify_export.py', ...words], { encoding: 'utf8' });

  async function exported(...words: string[]): Promise<string> {
    const folder = join(mkdtempSync(join(tmpdir(), 'gpo-export-')), 'export');
    expect(await gpo('export', folder, ...words)).toMatchObject({ code: 0 });
    return folder;
  }

  it('fits, whole or of a period, and names the link of whatever was changed in its files', async () => {
    await writeHistory(rig, 3);
    await publisher.publish();
    const folder = await exported();
    expect(python(folder)).toMatchObject({
      status: 0,
      stdout: '60 rows, 12 links, 4 heads compared, 0 rows from before the chain: intact\n',
    });
    expect(python(await exported('--from', '2026-01-01T00:00:00Z'))).toMatchObject({ status: 0 });

    const file = join(folder, 'history.jsonl');
    const text = readFileSync(file, 'utf8');
    const first = JSON.parse(text.split('\n')[0]!) as { chain: string; link: string };
    writeFileSync(file, text.replace('succeeded', 'failed'));
    const edited = python(folder);
    expect(edited).toMatchObject({ status: 1 });
    expect(edited.stdout).toContain('history.jsonl is not as the manifest says');
    expect(edited.stdout).toContain(`link ${first.link} of chain ${first.chain} does not fit its rows`);
    writeFileSync(file, text.split('\n').slice(1).join('\n'));
    expect(python(folder).stdout).toContain('has 4 rows instead of 5');
  }, 60_000);

  it('shows a chain that was rewritten to its end before the export', async () => {
    await writeHistory(rig, 4);
    await publisher.publish();
    await rewriteChain(0);
    const seen = python(await exported());
    expect(seen).toMatchObject({ status: 1 });
    expect(seen.stdout).toContain('link 4 of chain 0 is not the one that was published');
  }, 60_000);
});

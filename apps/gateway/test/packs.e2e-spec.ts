import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PathRig, message, until } from '../../../tools/testing/path-rig-spec.js';

const LANE = 'core-banking';
const run = promisify(execFile);

interface Ran {
  code: number;
  out: string;
}

/** A program with its exit code and what it printed. */
function ran(command: string, words: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(command, [...words], { env, maxBuffer: 1e8 }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: out + err }),
    );
  });
}

describe('an auditor’s pack', () => {
  let rig: PathRig;
  let pack = '';
  const transactionId = randomUUID();

  beforeAll(async () => {
    rig = await PathRig.start({ env: { gateway: { AUDIT_PUBLISH_MS: '300' } } });
    pack = join(rig.dir, 'pack.zip');
    await payAndReconcile();
  }, 240_000);
  afterAll(() => rig.stop(), 60_000);

  function gpo(...words: string[]): Promise<Ran> {
    const tokens = { GPO_TOKEN: 'auditor-dev-key', GPO_OPERATOR_TOKEN: 'operator-dev-key' };
    const kafka = { KAFKA_BROKERS: process.env.TEST_KAFKA_BROKERS!, KAFKA_TOPIC_PREFIX: rig.prefix };
    const env = {
      ...process.env,
      ...tokens,
      ...kafka,
      DATABASE_URL: rig.record.url,
      GATEWAY_URL: rig.gatewayUrl,
    };
    return ran(process.execPath, ['dist/tools/gpo/main.js', ...words], env);
  }

  /** Payments of which some fail and some come back; the bank's statement tells one of them wrong, which is settled; then the batch is closed. */
  async function payAndReconcile(): Promise<void> {
    const ends = ['0000000', '0000000', '9990001', '9990006'];
    const lines = Array.from({ length: 40 }, (_, index) => ({
      reference_id: index === 39 ? '' : randomUUID(),
      payee_fa: `account_no:${100 + index}${ends[index % ends.length]}@BANKRWRW`,
      amount: `${100 + index}.37`,
      currency_code: 'KES',
    }));
    await rig.post(message(transactionId, lines));
    await rig.settled(transactionId, 60_000);
    await until(60_000, async () =>
      (await rig.client.batch(transactionId)).states.returned!.count === 9 ? true : undefined,
    );
    const answer = await fetch(`${rig.simulatorUrl}/simulator/bank/${LANE}/statement?currency=KES`);
    const file = join(rig.dir, 'camt053.xml');
    writeFileSync(file, (await answer.text()).replaceAll('>100.37<', '>100.36<'));
    expect(await gpo('reconcile', 'import', file, '--lane', LANE, '--by', 'the treasury')).toMatchObject({
      code: 0,
    });
    const { out } = await gpo('reconcile', 'breaks', '--json');
    const [under] = JSON.parse(out) as { break_id: string; kind: string }[];
    expect(under).toMatchObject({ kind: 'under' });
    await gpo(
      'reconcile',
      'settle',
      under!.break_id,
      '--by',
      'the treasury',
      '--reason',
      'a fee of the bank',
    );
    expect(await gpo('batch', 'close', transactionId, '--reason', 'March is done')).toMatchObject({
      code: 0,
    });
  }

  it('of a batch is made with progress, and whoever has only it and the verifier recomputes every total', async () => {
    expect(await gpo('audit', 'pack', pack, '--batch', transactionId)).toMatchObject({ code: 0 });
    const { code, out } = await ran('python3', ['tools/audit/verify_pack.py', pack]);
    expect(out).toMatch(
      /^40 lines, 39 attempts, \d+ rows of history in \d+ links, [1-9]\d* published heads compared: everything fits\n$/,
    );
    expect(code).toBe(0);
    const { stdout } = await run('python3', [
      '-c',
      'import sys, zipfile; print(zipfile.ZipFile(sys.argv[1]).read("summary.html").decode())',
      pack,
    ]);
    for (const text of ['Payments by lane', 'under', 'Positions', transactionId])
      expect(stdout).toContain(text);
  }, 120_000);

  it('of a time holds the batches of its days', async () => {
    const day = new Date().toISOString().slice(0, 10);
    const other = join(rig.dir, 'days.zip');
    expect(await gpo('audit', 'pack', other, '--from', day, '--to', day)).toMatchObject({ code: 0 });
    expect(await ran('python3', ['tools/audit/verify_pack.py', other])).toMatchObject({ code: 0 });
  }, 120_000);

  it.each([
    ['bytes', /is not as the manifest says/],
    ['amount', /by state: the summary says/],
    ['state', /its attempts say otherwise[^]*is not as its history says/],
    ['line', /has 40 lines, and 39 are here/],
    ['attempt', /its attempts say otherwise/],
    ['booking', /bookings: the summary says/],
    ['booked', /has another amount than its disbursement/],
    ['break', /breaks: the summary says/],
    ['statement', /is another file/],
    ['position', /does not add up/],
    ['row', /was not written so/],
    ['leaves', /are not those that it hashes/],
    ['link', /is missing/],
    ['head', /is not the one that was published/],
    ['close-out', /the signature of close-out 1[^]*does not fit/],
    ['none', /the manifest is not signed, though the installation has a key/],
  ])('with another %s, and a manifest that fits it, is found to be forged', async (fault, sentence) => {
    const forged = join(rig.dir, `${fault}.zip`);
    await run('python3', ['tools/testing/forge_pack.py', pack, forged, fault]);
    const { code, out } = await ran('python3', ['tools/audit/verify_pack.py', forged]);
    expect(out).toMatch(sentence);
    expect(code).toBe(1);
  });
});

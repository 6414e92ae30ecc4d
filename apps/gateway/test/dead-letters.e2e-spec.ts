import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { TOPICS } from '@gpo/messaging';
import { letterAbout, produce } from '../../../tools/testing/kafka-rig-spec.js';
import { PathRig, until } from '../../../tools/testing/path-rig-spec.js';

interface Said {
  code: number;
  text: string;
}

describe('dead letters and what an operator decides about them', () => {
  let rig: PathRig;

  beforeAll(async () => {
    rig = await PathRig.start();
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  /** `npm run gpo -- dead-letters ...` as its own process. */
  function gpo(...words: string[]): Promise<Said> {
    const env = { ...process.env, ...rig.apps.get('gateway')!.options.env };
    return new Promise((resolve) => {
      execFile(
        process.execPath,
        ['dist/tools/gpo/main.js', 'dead-letters', ...words],
        { env },
        (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code), text: `${out}${err}` }),
      );
    });
  }

  function request(change: Record<string, string> = {}): Record<string, string> {
    return {
      sender_id: 'openg2p',
      transaction_id: randomUUID(),
      reference_id: randomUUID(),
      payee_fa: 'phone:+254711223344@mpesa',
      amount: '75.00',
      currency_code: 'KES',
      ...change,
    };
  }

  /** A request of a sender that may not write to Kafka, and its letter. */
  async function denied(): Promise<{ value: Record<string, string>; letter: string }> {
    const value = request();
    await produce(rig, TOPICS.request.name, [{ key: value.reference_id!, value: JSON.stringify(value) }]);
    await letterAbout(rig, value.reference_id!, 'record.not_allowed');
    const { rows } = await rig.sql.query<{ letter_id: string }>(
      `SELECT letter_id FROM dead_letter WHERE reason = 'record.not_allowed' AND position($1::bytea IN record) > 0`,
      [Buffer.from(value.reference_id!)],
    );
    expect(rows).toHaveLength(1);
    return { value, letter: rows[0]!.letter_id };
  }

  it('are counted by reason, listed without content, and shown whole', async () => {
    const { value, letter } = await denied();
    const list = await gpo('list', '--reason', 'record.not_allowed', '--json');
    const { counts, letters } = JSON.parse(list.text) as {
      counts: { reason: string; topic: string; letters: number }[];
      letters: { letter: string; from: string }[];
    };
    expect(counts).toMatchObject([{ reason: 'record.not_allowed', topic: 'g2p.request' }]);
    expect(letters.map((one) => one.letter)).toContain(letter);
    expect(list.text).not.toContain('+254711223344');
    const none = await gpo('list', '--topic', 'g2p.retry', '--json');
    expect(JSON.parse(none.text)).toEqual({ counts: [], letters: [] });
    expect((await gpo('list', '--until', '2020-01-01T00:00:00Z')).text).toBe('Nothing.\n');
    const [shown] = JSON.parse((await gpo('show', letter, '--json')).text) as Record<string, string>[];
    expect(shown).toMatchObject({ key: value.reference_id, value: JSON.stringify(value), state: 'open' });
    expect(await gpo('show', randomUUID())).toMatchObject({ code: 2 });
  }, 60_000);

  it('are discarded once, with a name and a reason, and stay to be read', async () => {
    const { letter } = await denied();
    expect(await gpo('discard', letter, '--by', 'amina')).toMatchObject({ code: 64 });
    expect(await gpo('discard', '--by', 'amina', '--why', 'a trial')).toMatchObject({ code: 1 });
    const done = await gpo('discard', letter, '--by', 'amina', '--why', 'a trial');
    expect(done).toEqual({ code: 0, text: '1 letters discarded.\n' });
    const again = await gpo('discard', letter, '--by', 'amina', '--why', 'a trial');
    expect(again.code).toBe(1);
    expect(again.text).toMatch(/was discarded by amina at 2/);
    expect((await gpo('replay', letter, '--by', 'amina')).code).toBe(1);
    expect((await gpo('list', '--state', 'discarded')).text).toContain('amina: a trial');
  }, 60_000);

  it('are replayed to their own topic with their own key, once, and pay once', async () => {
    const { value, letter } = await denied();
    const file = rig.apps.get('gateway')!.options.env.SENDERS_FILE!;
    // Every sender gets the right.
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll('"kafka_direct": false', '"kafka_direct": true'),
    );
    await rig.relaunch('gateway');
    const { payments } = await rig.journal();
    const both = await Promise.all([
      gpo('replay', letter, '--by', 'amina', '--why', 'the right is given'),
      gpo('replay', letter, '--by', 'joseph'),
    ]);
    const { rows } = await rig.sql.query<{ state: string; decided_by: string }>(
      'SELECT state, decided_by FROM dead_letter WHERE letter_id = $1',
      [letter],
    );
    expect(rows[0]!.state).toBe('replayed');
    expect(both.filter(({ text }) => text.includes('1 letters replayed.'))).toHaveLength(1);
    const batch = await rig.settled(value.transaction_id!);
    expect(batch.states.succeeded!.count).toBe(1);
    const third = await gpo('replay', letter, '--by', 'amina');
    expect(third).toMatchObject({ code: 1 });
    expect(third.text).toMatch(/was replayed by/);
    // A crash between publishing and marking replays a letter twice; that pays nobody twice.
    await rig.sql.query(
      `UPDATE dead_letter SET state = 'open', decided_by = NULL, decided_at = NULL WHERE letter_id = $1`,
      [letter],
    );
    expect(await gpo('replay', letter, '--by', 'amina')).toMatchObject({ code: 0 });
    const next = request();
    await produce(rig, TOPICS.request.name, [{ key: value.reference_id!, value: JSON.stringify(next) }]);
    expect((await rig.settled(next.transaction_id!)).states.succeeded!.count).toBe(1);
    expect((await rig.journal()).payments).toBe(payments + 2);
    const repeated = await rig.client.batch(value.transaction_id!);
    expect(repeated.total_count).toBe(1);
  }, 120_000);

  it('that fail again are new letters; what did not come from a topic of ours is not replayed', async () => {
    await produce(rig, TOPICS.success.name, [{ key: 'k', value: `junk-${rig.prefix}` }]);
    await letterAbout(rig, `junk-${rig.prefix}`, 'record.unreadable');
    expect(await gpo('replay', '--all', '--topic', 'g2p.success', '--by', 'amina')).toMatchObject({
      code: 0,
    });
    await until(20_000, async () => {
      const { rows } = await rig.sql.query<{ state: string }>(
        `SELECT state FROM dead_letter WHERE topic = 'g2p.success' ORDER BY lettered_at`,
      );
      return rows.map(({ state }) => state).join() === 'replayed,open' ? true : undefined;
    });
    await produce(rig, TOPICS.deadLetter.name, [{ key: 'k', value: `strange-${rig.prefix}` }]);
    await letterAbout(rig, `strange-${rig.prefix}`, 'record.unreadable');
    const refused = await gpo('replay', '--all', '--topic', 'g2p.dead-letter', '--by', 'amina');
    expect(refused.code).toBe(1);
    expect(refused.text).toMatch(/did not come from a topic of this installation/);
  }, 60_000);
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { batchId, disbursementId } from '@gpo/g2p-connect-schemas';
import { expectSameLater } from './as-of.rig-spec.js';
import { HoldRig, claimRequest, holdClaim, sender, type RawLine } from './hold-rig-spec.js';
import { DISAGREEING_BOOKS } from './books-rig-spec.js';

const SENDER = sender('programme');
const BY = { operatorId: 'operator', reason: 'checked with the district office' };

interface Line {
  id: string;
  raw: RawLine;
  transactionId: string;
}

describe('holding, releasing and cancelling', () => {
  let rig: HoldRig;

  beforeAll(async () => {
    rig = await HoldRig.start(SENDER);
  }, 60_000);

  afterAll(() => rig.stop(), 30_000);

  async function stored(count: number, own: Partial<RawLine> = {}): Promise<Line[]> {
    const transactionId = randomUUID();
    const raws = Array.from({ length: count }, (_, index) => ({
      reference_id: `r${index}`,
      payee_fa: `account_no:${index}@BANK`,
      amount: '250000.00',
      currency_code: 'KES',
      ...own,
    }));
    await rig.accept(SENDER, transactionId, raws);
    return raws.map((raw) => ({
      id: disbursementId(SENDER.id, transactionId, raw.reference_id),
      raw,
      transactionId,
    }));
  }

  const hold = ({ id, raw }: Line): ReturnType<typeof holdClaim> => holdClaim(id, raw);
  const claimed = async (lines: readonly Line[]): Promise<string[]> => [
    ...(
      await rig.claims.claim(
        lines.map(({ id, raw, transactionId }) => claimRequest(SENDER.id, transactionId, id, raw)),
      )
    ).values(),
  ];

  async function stateOf({ id }: Line): Promise<string> {
    const [row] = await rig.rows<{ state: string }>(
      'SELECT state FROM disbursement WHERE disbursement_id = $1',
      [id],
    );
    return row!.state;
  }

  /** Rows and counters say the same, per state and in sum (rule M). */
  async function expectBooksAgree(): Promise<void> {
    expect(await rig.rows(DISAGREEING_BOOKS)).toEqual([]);
  }

  it('on hold nothing is claimed; after the release it is claimed once, and a replay of the hold holds it no more', async () => {
    const [line] = (await stored(1)) as [Line];
    await rig.outcomes.apply([hold(line)], 0);
    expect(await stateOf(line)).toBe('on_hold');
    expect(await claimed([line])).toEqual(['not_payable']);
    expect(await rig.holds.release({ disbursementId: line.id, ...BY })).toBe('received');
    await rig.outcomes.apply([hold(line)], 0);
    expect(await stateOf(line)).toBe('received');
    expect(await claimed([line])).toEqual(['claimed']);
    expect(await claimed([line])).toEqual(['exists']);
    await rig.outcomes.apply([hold(line)], 0);
    expect(await stateOf(line)).toBe('received');
    const history = await rig.rows(
      'SELECT event, from_state, to_state, reason, message, cause, actor FROM history WHERE disbursement_id = $1 ORDER BY history_id',
      [line.id],
    );
    expect(history).toEqual([
      {
        event: 'hold',
        from_state: 'received',
        to_state: 'on_hold',
        reason: 'on_hold',
        message: 'More than 100000 KES to one payee',
        cause: 'hold',
        actor: null,
      },
      {
        event: 'release',
        from_state: 'on_hold',
        to_state: 'received',
        reason: null,
        message: BY.reason,
        cause: 'release',
        actor: 'operator',
      },
    ]);
    await expectSameLater(rig.dataSource, batchId(SENDER.id, line.transactionId));
    await expectBooksAgree();
  });

  it('a hold and a claim at the same instant: one wins, and nothing that is on hold has an attempt', async () => {
    const lines = await stored(400);
    const work: Promise<unknown>[] = [];
    for (let from = 0; from < lines.length; from += 10) {
      const some = lines.slice(from, from + 10);
      const race = [() => rig.outcomes.apply(some.map(hold), from), () => claimed(some)];
      // Who asks first wins more often, so each side does in turn.
      for (const start of from % 20 === 0 ? race : race.toReversed()) work.push(start());
    }
    await Promise.all(work);
    const rows = await rig.rows<{ state: string; attempt: string | null }>(
      `SELECT d.state, a.state AS attempt FROM disbursement d LEFT JOIN attempt a USING (disbursement_id)
        WHERE d.disbursement_id = ANY($1) GROUP BY 1, 2`,
      [lines.map(({ id }) => id)],
    );
    const kinds = rows.map(({ state, attempt }) => `${state}/${attempt ?? 'none'}`);
    // Under load one side may win every time; what must not be is a line with both, or with neither.
    expect(kinds.filter((kind) => kind !== 'on_hold/none' && kind !== 'received/queued')).toEqual([]);
    await expectBooksAgree();
  }, 60_000);

  it('a cancel and a claim at the same instant: attempt 1 lets one win, and the other is told', async () => {
    const lines = await stored(100);
    const cancels = lines.map(({ id }) =>
      rig.holds.cancel({ disbursementId: id, ...BY }).catch((error: unknown) => String(error)),
    );
    const claims = lines.map((line) => claimed([line]));
    await Promise.all([...cancels, ...claims]);
    const rows = await rig.rows<{ state: string; attempt: string }>(
      `SELECT DISTINCT d.state, a.state AS attempt FROM disbursement d JOIN attempt a USING (disbursement_id)
        WHERE d.disbursement_id = ANY($1)`,
      [lines.map(({ id }) => id)],
    );
    // A claimed one that no worker took yet may be cancelled as well: queued becomes void.
    expect(rows).toEqual([{ state: 'cancelled', attempt: 'void' }]);
    await expectBooksAgree();
  }, 60_000);

  it('two operators decide at once: one decision is done, the other is told that it came too late', async () => {
    for (const line of await stored(30)) {
      await rig.outcomes.apply([hold(line)], 0);
      const results = await Promise.allSettled([
        rig.holds.release({ disbursementId: line.id, ...BY }),
        rig.holds.release({ disbursementId: line.id, ...BY, operatorId: 'second' }),
      ]);
      expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const releases = await rig.rows(
        `SELECT actor FROM history WHERE disbursement_id = $1 AND event = 'release'`,
        [line.id],
      );
      expect(releases).toHaveLength(1);
    }
    await expectBooksAgree();
  }, 60_000);

  it('cancel works on hold, when received, when scheduled and when queued; nothing claims it afterwards', async () => {
    const future = new Date(Date.now() + 86_400_000).toISOString();
    const [onHold, received, queued] = (await stored(3)) as [Line, Line, Line];
    const [scheduled] = (await stored(1, { scheduled_timestamp: future })) as [Line];
    await rig.outcomes.apply([hold(onHold)], 0);
    await claimed([queued]);
    for (const line of [onHold, received, queued, scheduled]) {
      expect(await rig.holds.cancel({ disbursementId: line.id, ...BY })).toBe('cancelled');
      expect(await claimed([line])).toEqual(['exists']);
      await rig.outcomes.apply([hold(line)], 0);
      expect(await stateOf(line)).toBe('cancelled');
    }
    const open = await rig.rows('SELECT * FROM hold WHERE ended_at IS NULL AND disbursement_id = $1', [
      onHold.id,
    ]);
    expect(open).toEqual([]);
    await expect(rig.holds.release({ disbursementId: onHold.id, ...BY })).rejects.toMatchObject({
      code: 'err.request.too_late',
      message: 'Nothing to release: the disbursement is cancelled already, not on hold.',
    });
    await expectSameLater(rig.dataSource, batchId(SENDER.id, onHold.transactionId));
    await expectBooksAgree();
  });

  it.each(['sending', 'accepted', 'unknown', 'review', 'settled', 'rejected'])(
    'cancel is too late once attempt 1 is %s, and says so',
    async (state) => {
      const [line] = (await stored(1)) as [Line];
      await claimed([line]);
      await rig.rows('UPDATE attempt SET state = $2, sends = 1 WHERE disbursement_id = $1', [line.id, state]);
      await expect(rig.holds.cancel({ disbursementId: line.id, ...BY })).rejects.toMatchObject({
        code: 'err.request.too_late',
        message: `Too late to cancel: attempt 1 is ${state} on lane core-banking.`,
      });
      expect(await stateOf(line)).toBe('received');
    },
  );

  it('cancel leaves an attempt alone that was sent before and is queued again', async () => {
    const [line] = (await stored(1)) as [Line];
    await claimed([line]);
    await rig.rows('UPDATE attempt SET sends = 1 WHERE disbursement_id = $1', [line.id]);
    await expect(rig.holds.cancel({ disbursementId: line.id, ...BY })).rejects.toThrow(/Too late/);
  });

  it('a hold that says other money than the row, or is about a bad line, holds nothing and is a dead letter', async () => {
    const [line, other] = (await stored(2)) as [Line, Line];
    const [bad] = (await stored(1, { amount: '-5' })) as [Line];
    const { refused } = await rig.outcomes.apply(
      [
        holdClaim(line.id, { ...line.raw, amount: '1.00' }),
        holdClaim(other.id, { ...other.raw, payee_fa: 'account_no:999@BANK' }),
        holdClaim(bad.id, bad.raw),
      ],
      0,
    );
    expect(refused.map(({ reason }) => reason)).toEqual([
      'record.content_mismatch',
      'record.content_mismatch',
      // Money that is no amount cannot have the row's digest, unless both say the same wrong text.
      'record.not_payable',
    ]);
    expect(await Promise.all([line, other, bad].map(stateOf))).toEqual(['received', 'received', 'received']);
  });

  it('a hold of a disbursement that does not exist yet is given back as missing', async () => {
    const line = {
      reference_id: 'x',
      payee_fa: 'account_no:1@BANK',
      amount: '250000.00',
      currency_code: 'KES',
    };
    const claim = holdClaim(disbursementId(SENDER.id, 'not stored', 'x'), line);
    expect(await rig.outcomes.apply([claim], 0)).toEqual({ missing: [claim], refused: [] });
  });

  it('release and cancel of what does not exist say so', async () => {
    const decision = { disbursementId: randomUUID(), ...BY };
    await expect(rig.holds.release(decision)).rejects.toMatchObject({ code: 'err.request.not_found' });
    await expect(rig.holds.cancel(decision)).rejects.toMatchObject({ code: 'err.request.not_found' });
  });
});

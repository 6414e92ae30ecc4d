import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instruction } from '../connector.js';
import { booking, notification, report } from './iso20022.bank-spec.js';
import { ctx, RigLane } from './iso20022.lane-spec.js';
import { endToEndId } from './iso20022.mapping.js';
import { instruction } from './iso20022.rig-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { SftpServer } from './sftp-server-spec.js';

const server = new SftpServer();
beforeAll(() => server.start());
afterAll(() => server.stop());
const lanes: RigLane[] = [];
const lane = (files = new MemoryBankFiles(), change: Record<string, unknown> = {}): RigLane => {
  const made = new RigLane(server, files, change);
  lanes.push(made);
  return made;
};
beforeEach(() => {
  server.files.clear();
  server.steps.length = 0;
  server.fault = () => undefined;
  server.refuseLogin = false;
});
afterEach(async () => {
  for (const one of lanes.splice(0)) await one.connector.close();
});

describe('answers of the bank', () => {
  const sent = async (one: RigLane, ...items: Instruction[]): Promise<string> => {
    expect(await one.submit(...items)).toMatchObject(items.map(() => ({ kind: 'accepted' })));
    const { messageId } = (await one.files.find([items[0]!.railId])).get(items[0]!.railId)!.item;
    return messageId;
  };

  it('wake what they name, decide it by query, and read again change nothing', async () => {
    const one = lane();
    const [a, b, c] = [instruction(), instruction(), instruction()];
    const messageId = await sent(one, a, b, c);
    const groupId = `${messageId}-1`;
    const railIds = [a.railId, b.railId];
    server.put(
      '/out/1.xml',
      report({ messageId, groupId, file: ['PART'], items: [['ACSP'], ['RJCT', 'AC04']], railIds }),
    );
    await one.collect();
    expect(await one.kinds(a, b, c)).toEqual(['accepted', 'rejected', 'accepted']);
    server.put(
      '/out/2.xml',
      notification(booking({ railId: a.railId }), booking({ railId: c.railId, amount: '9.99' })),
    );
    await one.collect();
    expect(await one.kinds(a, b, c)).toEqual(['settled', 'rejected', 'unknown']);
    expect(one.alarms).toEqual([expect.stringContaining(endToEndId(c.railId))]);
    server.put('/out/3.xml', notification(booking({ railId: a.railId, side: 'CRDT', reason: 'AC06' })));
    await one.collect();
    expect(await one.kinds(a)).toEqual(['returned']);
    const reads = server.steps.filter((step) => step === 'open-read').length;
    await one.collect();
    expect(server.steps.filter((step) => step === 'open-read')).toHaveLength(reads);
    // Another process that has not read them yet, or a crash before they counted as read.
    one.files.unread = (entries) => Promise.resolve([...entries]);
    await one.collect();
    expect(await one.kinds(a, b)).toEqual(['returned', 'rejected']);
  });

  it('a second debit for one payment, in one file or in another, is an alarm; the same booking told again is none', async () => {
    const one = lane();
    const [a, b] = [instruction(), instruction()];
    await sent(one, a, b);
    const first = booking({ railId: a.railId, reference: 'R1' });
    server.put('/out/1.xml', notification(first, booking({ railId: b.railId, reference: 'R2' })));
    server.put('/out/2.xml', notification(first));
    await one.collect();
    expect(one.alarms).toEqual([]);
    server.put('/out/3.xml', notification(booking({ railId: a.railId, reference: 'R3' })));
    await one.collect();
    expect(one.alarms).toEqual([
      expect.stringMatching(`${endToEndId(a.railId)}: booked as R1 and again as R3`),
    ]);
    const [c] = [instruction()];
    await sent(one, c);
    const twice = ['R4', 'R5'].map((reference) => booking({ railId: c.railId, reference }));
    server.put('/out/4.xml', notification(...twice));
    await one.collect();
    expect(one.alarms[1]).toContain('booked as R4 and again as R5');
    expect(await one.kinds(a, b, c)).toEqual(['settled', 'settled', 'settled']);
  });

  it('a whole file refused stops the lane, fails nobody, and keeps the lane shut until an operator sends again', async () => {
    const one = lane();
    const a = instruction();
    const messageId = await sent(one, a);
    server.put('/out/1.xml', report({ messageId, file: ['RJCT', 'FF01'] }));
    await one.collect();
    expect(one.stops).toMatchObject([{ kind: 'configuration', message: expect.stringContaining(messageId) }]);
    expect(await one.kinds(a)).toEqual(['unknown']);
    await expect(one.connector.health(ctx)).rejects.toMatchObject({ kind: 'configuration' });
    await one.submit(instruction());
    await one.connector.health(ctx);
    await one.collect();
    expect(one.stops).toHaveLength(1);
  });

  it('a bank that agreed to acknowledge and does not stops the lane until it does', async () => {
    const one = lane(undefined, { acknowledgedWithinMs: 20 });
    const messageId = await sent(one, instruction());
    await new Promise((resolve) => setTimeout(resolve, 40));
    await one.collect();
    expect(one.stops).toMatchObject([{ kind: 'configuration' }]);
    server.put('/out/1.xml', report({ messageId, file: ['RCVD'] }));
    await one.collect();
    await one.connector.health(ctx);
    expect(one.stops).toHaveLength(1);
  });

  it('files that are still written, too large, folders and rubbish decide nothing; a mended one is read', async () => {
    const one = lane(undefined, { answerBytesMax: 5_000 });
    const a = instruction();
    await sent(one, a);
    const good = notification(booking({ railId: a.railId }));
    server.put('/out/a.xml.tmp', good);
    server.put('/out/.b.xml', good);
    server.put('/out/c.xml', good.slice(0, 300));
    server.put('/out/d.xml', `${good}${' '.repeat(5_000)}`);
    server.put('/out/e.xml', '<Document><PmtRtr/></Document>');
    await one.collect();
    expect(await one.kinds(a)).toEqual(['accepted']);
    expect(one.alarms.map((alarm) => /answer (\S+)/.exec(alarm)?.[1])).toEqual(['c.xml', 'd.xml']);
    server.put('/out/c.xml', good);
    await one.collect();
    expect(await one.kinds(a)).toEqual(['settled']);
  });

  it('a crash before an answer counts as read wakes again', async () => {
    const one = lane();
    const a = instruction();
    await sent(one, a);
    server.put('/out/1.xml', notification(booking({ railId: a.railId })));
    const wake = one.hooks.wake.bind(one.hooks);
    one.hooks.wake = () => Promise.reject(new Error('the database is away'));
    await expect(one.collect()).rejects.toThrow('away');
    one.hooks.wake = wake;
    await one.collect();
    expect(one.woken).toEqual([a.railId]);
  });
});

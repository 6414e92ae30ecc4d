import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Instruction } from '../connector.js';
import { InvalidInstruction, LaneStopped, NotSent, OutcomeUnknown } from '../rail-error.js';
import { report } from './iso20022.bank-spec.js';
import { iso20022 } from './iso20022.connector.js';
import { ctx, RigLane } from './iso20022.lane-spec.js';
import { endToEndId } from './iso20022.mapping.js';
import { config, instruction, SETTINGS } from './iso20022.rig-spec.js';
import { noRecord, MemoryHandles } from '../conformance/memory-handles-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';
import { SftpServer, type StepFault } from './sftp-server-spec.js';

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
const placed = (): string[] => server.names('/in').filter((name) => !name.endsWith('.tmp'));
const times = (item: Instruction): number =>
  placed().filter((name) => server.text(`/in/${name}`).includes(endToEndId(item.railId))).length;
const once = (step: string, fault: StepFault): void => {
  let left = 1;
  server.fault = (name) => (name === step && (left -= 1) === 0 ? fault : undefined);
};

describe('a file on its way to the bank', () => {
  it('is made by the registry from the settings of a lane', async () => {
    const handles = new MemoryHandles();
    const made = iso20022({ laneId: 'l', settings: SETTINGS, callbackUrl: '', handles, sql: noRecord });
    expect(made.manifest).toMatchObject({ id: 'iso20022', submit: { mode: 'file', maxItems: 1_000 } });
    expect(made.parseInbound({ method: 'POST', path: '/', headers: {}, body: Buffer.alloc(0) }).wake).toEqual(
      [],
    );
    await made.close();
    const payerAccounts = { 'account_no:2@TREASURY': 'iban:NL41 MOCK 0000 0000 01' };
    const settings = { ...SETTINGS, payerAccounts, defaultPayerAccount: 'account:600100' };
    const two = iso20022({ laneId: 'l', settings, callbackUrl: '', handles, sql: noRecord });
    expect(two.manifest.payerAccounts).toEqual({
      '': '600100',
      'account_no:2@TREASURY': 'NL41MOCK0000000001',
    });
    await two.close();
    expect(config({ duplicateCheck: 'none' }).duplicateCheck).toBe('none');
  });

  it('is uploaded under a temporary name and renamed; every item is accepted, and silence stays that', async () => {
    const one = lane();
    const items = [instruction(), instruction()];
    expect(await one.submit(...items)).toMatchObject([{ kind: 'accepted' }, { kind: 'accepted' }]);
    expect(server.steps).toEqual(['open-write', 'rename']);
    expect(server.names('/in')).toHaveLength(1);
    expect(items.map(times)).toEqual([1, 1]);
    expect(await one.kinds(...items)).toEqual(['accepted', 'accepted']);
    await one.collect();
    expect(await one.kinds(...items)).toEqual(['accepted', 'accepted']);
  });

  it('the same attempts again, alone or among others, are in no second file', async () => {
    const one = lane();
    const [a, b] = [instruction(), instruction()];
    await one.submit(a);
    await one.submit(a);
    await one.submit(b, a);
    expect([a, b].map(times)).toEqual([1, 1]);
  });

  it('eight sends of one attempt at the same time are one file', async () => {
    const files = new MemoryBankFiles();
    const a = instruction();
    await Promise.all(Array.from({ length: 8 }, () => lane(files).submit(a)));
    expect(times(a)).toBe(1);
    expect(server.names('/in')).toHaveLength(1);
  });

  it('a server with another key gets nothing, not even our password; the lane stops', async () => {
    const strange = lane(undefined, { hostKeys: SETTINGS.hostKeys });
    const error = await strange.submit(instruction());
    expect(error).toBeInstanceOf(LaneStopped);
    expect(error).toMatchObject({ kind: 'auth', message: expect.stringContaining(server.hostKey) });
    await expect(strange.connector.health(ctx)).rejects.toMatchObject({ kind: 'auth' });
    expect(server.steps).toEqual([]);
  });

  it('refused credentials, a missing folder or key stop the lane and leave the attempts free', async () => {
    const files = new MemoryBankFiles();
    const a = instruction();
    server.refuseLogin = true;
    expect(await lane(files).submit(a)).toMatchObject({ kind: 'auth' });
    server.refuseLogin = false;
    expect(await lane(files, { ordersFolder: '/nowhere' }).submit(a)).toMatchObject({
      kind: 'configuration',
    });
    const noKey = { password: undefined, privateKeyFile: '/nowhere/key' };
    expect(await lane(files, noKey).submit(a)).toMatchObject({ kind: 'configuration' });
    await expect(lane(files, { answersFolder: '/nowhere' }).connector.health(ctx)).rejects.toMatchObject({
      kind: 'configuration',
    });
    expect(await lane(files).submit(a)).toMatchObject([{ kind: 'accepted' }]);
    expect(times(a)).toBe(1);
  });

  it.each<[string, string, StepFault]>([
    ['before the upload', 'open-write', 'drop-before'],
    ['in the upload', 'open-write', 'drop-after'],
    ['without an answer to the upload', 'open-write', 'no-answer'],
  ])(
    'a connection lost %s: nothing was sent, and the attempt goes in another file',
    async (_title, step, fault) => {
      const one = lane();
      const [a, b] = [instruction(), instruction()];
      once(step, fault);
      expect(await one.submit(a, b)).toBeInstanceOf(NotSent);
      expect(placed()).toEqual([]);
      expect(await one.submit(a)).toMatchObject([{ kind: 'accepted' }]);
      expect([a, b].map(times)).toEqual([1, 0]);
    },
    30_000,
  );

  it('nobody listens, or the lease is over: nothing was sent', async () => {
    expect(await new RigLane({ port: 1, hostKey: server.hostKey }).submit(instruction())).toBeInstanceOf(
      NotSent,
    );
    for (const calls of [1, 2]) {
      let left = calls;
      const beforeSend = (): void => {
        if ((left -= 1) === 0) throw new NotSent('the lease is over');
      };
      const one = lane();
      const a = instruction();
      await expect(one.connector.submit([a], { ...ctx, beforeSend })).rejects.toBeInstanceOf(NotSent);
      expect(server.names('/in')).toEqual([]);
      expect(await one.kinds(a)).toEqual(['absent']);
    }
  });

  it('what validate() finds, and more or less than a file takes, is never sent', async () => {
    const one = lane(undefined, { fileItemsMax: 2 });
    for (const items of [
      [],
      [instruction(), instruction(), instruction()],
      [instruction({ currency: 'USD' })],
    ])
      expect(await one.submit(...items)).toBeInstanceOf(InvalidInstruction);
    expect(server.steps).toEqual([]);
  });
});

describe('a rename without an answer', () => {
  it.each<[string, StepFault, string, number]>([
    ['the server did it: found by query, never sent again', 'drop-after', 'accepted', 1],
    [
      'the server did not: absent, and sent again only after the old one was taken away',
      'drop-before',
      'absent',
      0,
    ],
  ])('%s', async (_title, fault, kind, there) => {
    const one = lane();
    const [a, b] = [instruction(), instruction()];
    once('rename', fault);
    expect(await one.submit(a, b)).toBeInstanceOf(OutcomeUnknown);
    expect(await one.kinds(a, b)).toEqual([kind, kind]);
    expect([a, b].map(times)).toEqual([there, there]);
    // Only one of the two comes back, as after a decision about the other: it must not drag the other along.
    await one.submit(a);
    expect([a, b].map(times)).toEqual([1, there]);
    expect(server.names('/in')).toHaveLength(1);
  });

  it('the bank collected it meanwhile: unknown until the bank speaks, and never in a second file', async () => {
    const one = lane();
    const a = instruction();
    once('rename', 'drop-after');
    await one.submit(a);
    const [name] = placed();
    server.files.delete(`/in/${name}`);
    expect(await one.kinds(a)).toEqual(['unknown']);
    expect(await one.submit(a)).toMatchObject([{ kind: 'error', error: expect.any(OutcomeUnknown) }]);
    expect(placed()).toEqual([]);
    server.put('/out/p.xml', report({ messageId: name!.slice(0, -4), file: ['ACTC'] }));
    await one.collect();
    expect(one.woken).toEqual([a.railId]);
    expect(await one.kinds(a)).toEqual(['accepted']);
  });

  it('a process that froze before its rename finds nothing to rename once another has taken over', async () => {
    const files = new MemoryBankFiles();
    const [frozen, other] = [lane(files, { requestTimeoutMs: 5_000 }), lane(files)];
    const a = instruction();
    let thaw = (): void => undefined;
    const wait = new Promise<void>((resolve) => (thaw = resolve));
    const placing = files.placing.bind(files);
    files.placing = async (file) => {
      const won = await placing(file);
      files.placing = placing;
      await wait;
      return won;
    };
    const late = frozen.submit(a);
    while (server.names('/in').length === 0 || (await other.kinds(a))[0] !== 'absent') await pause();
    expect(await other.submit(a)).toMatchObject([{ kind: 'accepted' }]);
    thaw();
    await late;
    expect(times(a)).toBe(1);
    expect(server.names('/in')).toHaveLength(1);
  });

  it('an attempt that the bank once had, and that the record lost, is unknown and never absent', async () => {
    const key = { railId: instruction().railId, railHandle: 'M1' };
    expect(await lane().connector.query([key], ctx)).toMatchObject([{ kind: 'unknown' }]);
  });
});

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

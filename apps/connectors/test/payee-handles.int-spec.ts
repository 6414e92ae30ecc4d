import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RecordRig } from '../../../tools/testing/record-rig-spec.js';
import { PayeeHandleRepository } from '../src/lanes/payee-handle.repository.js';

let rig: RecordRig;
beforeAll(async () => {
  rig = await RecordRig.start();
});
afterAll(() => rig.stop());

describe('handles of payees in the record', () => {
  it('the first one kept wins, over all processes; each lane has its own', async () => {
    const [a, b] = ['a', 'b'].map((lane) => new PayeeHandleRepository(rig.dataSource, lane));
    const kept = await Promise.all(['RCP_1', 'RCP_2'].map((code) => a!.keep('key', code)));
    expect(new Set(kept).size).toBe(1);
    expect(await a!.find(['key', 'other'])).toEqual(new Map([['key', kept[0]]]));
    expect(await b!.find(['key'])).toEqual(new Map());
  });

  it('a handle that the rail forgot makes room for a new one, unless there already is one', async () => {
    const handles = new PayeeHandleRepository(rig.dataSource, 'c');
    await handles.keep('key', 'RCP_old');
    await handles.forget('key', 'RCP_other');
    expect(await handles.keep('key', 'RCP_new')).toBe('RCP_old');
    await handles.forget('key', 'RCP_old');
    expect(await handles.keep('key', 'RCP_new')).toBe('RCP_new');
  });
});

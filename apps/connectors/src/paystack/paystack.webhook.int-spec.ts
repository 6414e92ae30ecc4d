import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { eventually } from '../../../../tools/testing/record-rig-spec.js';
import { InboundController } from '../connect/inbound.controller.js';
import { WakeBuffer } from '../connect/wake.buffer.js';
import { LaneRegistry } from '../lanes/lane.registry.js';
import { signatureOf } from './paystack.webhook.js';
import { PaystackRig, SECRET } from './paystack.rig-spec.js';
import { ConnectRig } from '../../test/connect.rig-spec.js';

let rig: ConnectRig;
const rails = new PaystackRig();
let app: NestFastifyApplication;

beforeAll(async () => {
  rig = await ConnectRig.start();
  await rails.start();
  const { connector } = rails.lane();
  const limits = { concurrency: 4, perSecond: 1000, leaseMs: 30_000, breakerAfter: 20 };
  const lane = { connector, config: { id: 'a', connector: 'paystack', settings: {}, ...limits } };
  const module = await Test.createTestingModule({
    controllers: [InboundController],
    providers: [
      { provide: LaneRegistry, useValue: new LaneRegistry([lane]) },
      { provide: WakeBuffer, useValue: new WakeBuffer(rig.record.dataSource, rig.signal) },
    ],
  }).compile();
  const adapter = new FastifyAdapter();
  adapter
    .getInstance()
    .addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    );
  app = module.createNestApplication<NestFastifyApplication>(adapter, { bodyParser: false });
  await app.listen(0, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  await app.close();
  await rails.stop();
  await rig.stop();
});

async function post(railId: string, signed: boolean, lane = 'a'): Promise<number> {
  const body = Buffer.from(JSON.stringify({ event: 'transfer.success', data: { reference: railId } }));
  const signature = signatureOf(body, signed ? SECRET : 'sk_other');
  const answer = await fetch(`${await app.getUrl()}/callbacks/${lane}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'x-paystack-signature': signature },
    body,
  });
  return answer.status;
}

describe('a webhook that names its payment in the body', () => {
  it('brings the next look at an accepted attempt forward when it is signed, and changes nothing else', async () => {
    const { id } = await rig.record.disbursement();
    await rig.record.attempt(id, 1, 'accepted', { sends: 1, next_at: new Date(Date.now() + 3_600_000) });
    const { rail_id: railId } = (await rig.record.attemptRow(id, 1))!;
    expect(await post(railId, false)).toBe(401);
    expect(await post(railId, true, 'nobody')).toBe(404);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await rig.takeOver()).toEqual([]);
    expect(await post(railId, true)).toBe(200);
    const woken = await eventually(
      async () => (await rig.takeOver())[0],
      (attempt) => attempt !== undefined,
    );
    expect(woken).toMatchObject({ railId, state: 'accepted' });
  });
});

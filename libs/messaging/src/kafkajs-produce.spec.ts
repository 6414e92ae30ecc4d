import { createRequire } from 'node:module';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { crc32c } from './crc32c.js';
import { groupMessages, replaceProduceInternals, withOurEncoder } from './kafkajs-produce.js';
import { fastPartitioner } from './partitioner.js';
import { isPlain, type ProduceArguments, type ProducedMessage } from './record-batch.js';

const load = createRequire(import.meta.url);

type StockProtocol = Parameters<typeof withOurEncoder>[0];
const stock = (
  load('kafkajs/src/protocol/requests/produce') as { protocol: (v: { version: number }) => StockProtocol }
).protocol;
const stockGroup = load('kafkajs/src/producer/groupMessagesPerPartition') as typeof groupMessages;
const stockPartitioner = load('kafkajs/src/producer/partitioners/default') as typeof fastPartitioner;
const stockCrc = load('kafkajs/src/protocol/recordBatch/crc32C') as (bytes: Buffer) => number;

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array));
const text = fc.oneof(fc.string({ maxLength: 200 }), fc.string({ unit: 'binary', maxLength: 200 }));
const field = fc.oneof(text, bytes, fc.constantFrom('', null), fc.constant('x'.repeat(9000)));
const message: fc.Arbitrary<ProducedMessage> = fc.record(
  {
    key: field,
    value: field,
    headers: fc.dictionary(text, fc.oneof(text, bytes), { maxKeys: 4 }),
  },
  { requiredKeys: ['value'] },
);
const request: fc.Arbitrary<ProduceArguments> = fc.record({
  acks: fc.constantFrom(-1, 1, 0),
  timeout: fc.constant(30_000),
  producerId: fc.constantFrom(-1, 4711),
  producerEpoch: fc.constantFrom(0, 3),
  topicData: fc.array(
    fc.record({
      topic: fc.constantFrom('g2p.request', 'thema-ü'),
      partitions: fc.array(
        fc.record({
          partition: fc.nat(20),
          firstSequence: fc.nat(1000),
          messages: fc.array(message, { maxLength: 80 }),
        }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 3 },
  ),
});

const encoded = async (protocol: StockProtocol, args: ProduceArguments): Promise<Buffer> =>
  ((await protocol(args).request.encode()) as { buffer: Buffer }).buffer;

describe('the replaced internals of kafkajs', () => {
  beforeEach(() => {
    jest.spyOn(Date, 'now').mockReturnValue(1_795_600_000_123);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  it.each([3, 5, 7])('write the bytes that the stock encoder of version %i writes', async (version) => {
    const protocol = stock({ version });
    const ours = withOurEncoder(protocol);
    await fc.assert(
      fc.asyncProperty(request, async (args) => {
        expect(isPlain(args)).toBe(true);
        const [expected, found] = await Promise.all([encoded(protocol, args), encoded(ours, args)]);
        expect(found.equals(expected)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('a planted difference of one bit is found by that comparison', async () => {
    const args: ProduceArguments = {
      acks: -1,
      timeout: 1,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ key: 'k', value: 'v' }] }] }],
    };
    const changed: ProduceArguments = {
      ...args,
      topicData: [{ topic: 't', partitions: [{ partition: 0, messages: [{ key: 'k', value: 'w' }] }] }],
    };
    const protocol = stock({ version: 7 });
    const [expected, found] = await Promise.all([
      encoded(protocol, args),
      encoded(withOurEncoder(protocol), changed),
    ]);
    expect(found.equals(expected)).toBe(false);
  });

  it('leave compressed, transactional, timed and unusual records to the stock encoder', async () => {
    const plain = { key: 'k', value: 'v' };
    const of = (messages: ProducedMessage[], more: Partial<ProduceArguments> = {}): ProduceArguments => ({
      acks: -1,
      timeout: 30_000,
      topicData: [{ topic: 't', partitions: [{ partition: 0, firstSequence: 0, messages }] }],
      ...more,
    });
    const unusual = [
      of([plain], { compression: 1 }),
      of([plain], { transactionalId: 'tx' }),
      of([{ ...plain, timestamp: '1795600000000' }]),
      of([{ ...plain, headers: { twice: ['a', 'b'] } }]),
    ];
    expect(unusual.map(isPlain)).toEqual([false, false, false, false]);
    const protocol = stock({ version: 7 });
    for (const args of unusual.slice(2))
      expect((await encoded(withOurEncoder(protocol), args)).equals(await encoded(protocol, args))).toBe(
        true,
      );
  });

  it('put every record into the partition that kafkajs chooses, in the same order', () => {
    const partitionMetadata = Array.from({ length: 6 }, (_, partitionId) => ({ partitionId, leader: 1 }));
    const keyed = fc.record({ key: fc.oneof(text, bytes), value: fc.constant('v') });
    fc.assert(
      fc.property(fc.array(keyed, { maxLength: 50 }), (messages) => {
        const args = { topic: 't', partitionMetadata, messages };
        const ours = groupMessages({ ...args, partitioner: fastPartitioner() as (of: object) => number });
        expect(ours).toEqual(
          stockGroup({ ...args, partitioner: stockPartitioner() as (of: object) => number }),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('give the checksum of the stock table for every length', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
    fc.assert(fc.property(bytes, (some) => crc32c(some) === stockCrc(some)));
  });

  it('are not used with another version of kafkajs than the one they were read from', () => {
    const definition = load('kafkajs/src/protocol/requests/produce') as { protocol: unknown };
    const before = definition.protocol;
    expect(replaceProduceInternals('2.2.5')).toBe(false);
    expect(definition.protocol).toBe(before);
    expect((load('kafkajs/package.json') as { version: string }).version).toBe('2.2.4');
    expect(replaceProduceInternals()).toBe(true);
    expect(definition.protocol).not.toBe(before);
  });
});

import { crc32c } from './crc32c.js';

/** What kafkajs hands to the encoder of a produce request (versions 3 to 7 have one layout). */
export interface ProduceArguments {
  acks: number;
  timeout: number;
  compression?: number;
  transactionalId?: string | null;
  /** A number, or kafkajs's own wrapper of a bigint. */
  producerId?: number | { value: bigint };
  producerEpoch?: number;
  topicData: { topic: string; partitions: PartitionData[] }[];
}

export interface PartitionData {
  partition: number | string;
  firstSequence?: number;
  messages: ProducedMessage[];
}

export interface ProducedMessage {
  key?: Buffer | string | null;
  value: Buffer | string | null;
  headers?: Record<string, unknown>;
  timestamp?: string;
}

const BATCH_HEAD = 61;
const MAGIC = 2;

/** True where the request is of the kind written here: no compression, no transaction, no times of its own. */
export function isPlain({ compression, transactionalId, topicData }: ProduceArguments): boolean {
  if ((compression ?? 0) !== 0 || (transactionalId ?? null) !== null) return false;
  return topicData.every(({ partitions }) =>
    partitions.every(({ messages }) => messages.every(isPlainMessage)),
  );
}

function isPlainMessage({ key, value, headers, timestamp }: ProducedMessage): boolean {
  if (timestamp !== undefined || !isBytes(key) || !isBytes(value)) return false;
  if (headers === undefined) return true;
  for (const name in headers) {
    const header = headers[name];
    if (typeof header !== 'string' && !Buffer.isBuffer(header)) return false;
  }
  return true;
}

function isBytes(bytes: unknown): boolean {
  return bytes === null || bytes === undefined || typeof bytes === 'string' || Buffer.isBuffer(bytes);
}

/** The body of a produce request, in one buffer of its exact size. */
export function encodeProduceRequest(request: ProduceArguments): Buffer {
  const now = Date.now();
  const batches = request.topicData.map(({ partitions }) =>
    partitions.map(({ messages }) => sizesOf(messages)),
  );
  const writer = new Writer(requestSize(request, batches));
  writer.int16(-1);
  writer.int16(request.acks);
  writer.int32(request.timeout);
  writer.int32(request.topicData.length);
  request.topicData.forEach(({ topic, partitions }, t) => {
    writer.text16(topic);
    writer.int32(partitions.length);
    partitions.forEach((data, p) => {
      const sizes = batches[t]![p]!;
      writer.int32(Number(data.partition));
      writer.int32(BATCH_HEAD + sizes.total);
      writeBatch(writer, data, request, sizes, now);
    });
  });
  return writer.bytes;
}

interface BatchSizes {
  /** Size of each record without its own length. */
  bodies: Int32Array;
  /** Bytes of each key and value, -1 for none. */
  keys: Int32Array;
  values: Int32Array;
  /** Records made together share their headers, which are then written once and copied. */
  headers: Buffer[];
  total: number;
}

function requestSize({ topicData }: ProduceArguments, batches: readonly (readonly BatchSizes[])[]): number {
  let size = 2 + 2 + 4 + 4;
  topicData.forEach(({ topic }, t) => {
    size += 2 + Buffer.byteLength(topic) + 4;
    for (const { total } of batches[t]!) size += 4 + 4 + BATCH_HEAD + total;
  });
  return size;
}

function sizesOf(messages: readonly ProducedMessage[]): BatchSizes {
  const count = messages.length;
  const [bodies, keys, values] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  const blocks: Buffer[] = [];
  let last = messages[0]?.headers;
  let block = headerBlock(last);
  let total = 0;
  for (let index = 0; index < count; index += 1) {
    const { key, value, headers } = messages[index]!;
    if (headers !== last) {
      last = headers;
      block = headerBlock(headers);
    }
    blocks.push(block);
    keys[index] = lengthOf(key);
    values[index] = lengthOf(value);
    // One byte of attributes, one of the time's distance (always 0).
    const body = 2 + varintSize(index) + sized(keys[index]!) + sized(values[index]!) + block.length;
    bodies[index] = body;
    total += varintSize(body) + body;
  }
  return { bodies, keys, values, headers: blocks, total };
}

/** How many headers there are, and the headers, as a record holds them. */
function headerBlock(headers: Record<string, unknown> | undefined): Buffer {
  const pairs = Object.entries(headers ?? {}) as [string, Buffer | string][];
  let size = varintSize(pairs.length);
  for (const [name, header] of pairs) size += sized(lengthOf(name)) + sized(lengthOf(header));
  const writer = new Writer(size);
  writer.varint(pairs.length);
  for (const [name, header] of pairs) {
    writer.sized(name, lengthOf(name));
    writer.sized(header, lengthOf(header));
  }
  return writer.bytes;
}

function writeBatch(
  writer: Writer,
  { messages, firstSequence }: PartitionData,
  { producerId, producerEpoch }: ProduceArguments,
  sizes: BatchSizes,
  now: number,
): void {
  const start = writer.at;
  writer.int64(0n);
  writer.int32(0);
  writer.int32(0);
  writer.int8(MAGIC);
  writer.int32(0);
  writer.int16(0);
  writer.int32(messages.length - 1);
  writer.int64(BigInt(now));
  writer.int64(BigInt(now));
  writer.int64(typeof producerId === 'object' ? producerId.value : BigInt(producerId ?? -1));
  writer.int16(producerEpoch ?? 0);
  writer.int32(firstSequence ?? 0);
  writer.int32(messages.length);
  for (let index = 0; index < messages.length; index += 1)
    writeRecord(writer, messages[index]!, index, sizes);
  // The length counts what follows it; the checksum begins behind itself.
  writer.bytes.writeInt32BE(writer.at - start - 12, start + 8);
  writer.bytes.writeUInt32BE(crc32c(writer.bytes, start + 21, writer.at), start + 17);
}

function writeRecord(
  writer: Writer,
  { key, value }: ProducedMessage,
  index: number,
  { bodies, keys, values, headers }: BatchSizes,
): void {
  writer.varint(bodies[index]!);
  writer.int8(0);
  writer.varint(0);
  writer.varint(index);
  writer.sized(key, keys[index]!);
  writer.sized(value, values[index]!);
  writer.copy(headers[index]!);
}

/** Bytes of a zigzag varint. */
function varintSize(value: number): number {
  let rest = ((value << 1) ^ (value >> 31)) >>> 0;
  let size = 1;
  while (rest > 127) {
    rest >>>= 7;
    size += 1;
  }
  return size;
}

/** Bytes of this; -1 for none. */
function lengthOf(bytes: Buffer | string | null | undefined): number {
  if (bytes === null || bytes === undefined) return -1;
  return typeof bytes === 'string' ? Buffer.byteLength(bytes) : bytes.length;
}

/** Size of so many bytes behind their length. */
function sized(length: number): number {
  return varintSize(length) + Math.max(length, 0);
}

class Writer {
  readonly bytes: Buffer;
  at = 0;

  constructor(size: number) {
    this.bytes = Buffer.allocUnsafe(size);
  }

  int8(value: number): void {
    this.bytes[this.at++] = value;
  }

  int16(value: number): void {
    this.at = this.bytes.writeInt16BE(value, this.at);
  }

  int32(value: number): void {
    this.at = this.bytes.writeInt32BE(value, this.at);
  }

  int64(value: bigint): void {
    this.at = this.bytes.writeBigInt64BE(value, this.at);
  }

  text16(text: string): void {
    this.int16(Buffer.byteLength(text));
    this.at += this.bytes.write(text, this.at);
  }

  varint(value: number): void {
    let rest = ((value << 1) ^ (value >> 31)) >>> 0;
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Bytes behind their length; -1 for none. */
  sized(bytes: Buffer | string | null | undefined, length: number): void {
    this.varint(length);
    if (bytes === null || bytes === undefined) return;
    if (typeof bytes === 'string') this.at += this.bytes.write(bytes, this.at);
    else this.copy(bytes);
  }

  copy(bytes: Buffer): void {
    this.bytes.set(bytes, this.at);
    this.at += bytes.length;
  }
}

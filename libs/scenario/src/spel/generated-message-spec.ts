import type { TopicSchema } from '../schema-types.js';

/** The message of the generated expressions: every kind of field, all of them optional. */
export const SCHEMA: TopicSchema = {
  type: 'object',
  properties: {
    s: { type: 'string' },
    t: { type: 'string' },
    n: { type: 'number' },
    m: { type: 'number' },
    i: { type: 'integer' },
    j: { type: 'integer' },
    b: { type: 'boolean' },
    c: { type: 'boolean' },
    arr: { type: 'array', items: { type: 'string' } },
    nums: { type: 'array', items: { type: 'number' } },
    ints: { type: 'array', items: { type: 'integer' } },
    map: { type: 'object', additionalProperties: { type: 'string' } },
    items: {
      type: 'array',
      items: { type: 'object', properties: { k: { type: 'string' }, v: { type: 'number' } } },
    },
  },
};

/** A small seeded generator, so that a run can be repeated (mulberry32). */
export class Random {
  constructor(private state: number) {}

  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  chance(share: number): boolean {
    return this.next() < share;
  }
}

export const TEXTS = [
  '',
  'a',
  'ab',
  'abc',
  'ABC',
  'a b',
  ' a ',
  'a1b22',
  'a,b,,c,,',
  'ñandú',
  'Straße',
  '日本',
  '+254700',
  'a\nb',
];
const DECIMALS = [
  '0',
  '0.00',
  '1',
  '1.5',
  '1.50',
  '-2.25',
  '10.00',
  '3',
  '0.001',
  '123456789012345678901234567890.5',
  '-7',
];
const LONGS = [
  '0',
  '1',
  '2',
  '-3',
  '7',
  '2147483647',
  '-2147483648',
  '9223372036854775807',
  '-9223372036854775807',
];

/** A message as JSON for our reader, and as the Java harness takes it. */
export function message(random: Random): { json: string; spring: unknown } {
  const own: string[] = [];
  const spring: Record<string, unknown> = {};
  const add = (name: string, json: string, value: unknown): void => {
    own.push(`"${name}":${json}`);
    spring[name] = value;
  };
  const absent = (): boolean => random.chance(0.15);
  const decimal = (): { json: string; value: unknown } => {
    const digits = random.pick(DECIMALS);
    return { json: digits, value: { $dec: digits } };
  };
  for (const name of ['s', 't']) if (!absent()) text(name);
  for (const name of ['n', 'm']) if (!absent()) many(name, [decimal()], false);
  for (const name of ['i', 'j']) if (!absent()) many(name, [long()], false);
  for (const name of ['b', 'c']) if (!absent()) flag(name);
  if (!absent())
    many(
      'arr',
      list(() => texted(random.pick(TEXTS))),
      true,
    );
  if (!absent()) many('nums', list(decimal), true);
  if (!absent()) many('ints', list(long), true);
  if (!absent()) add('map', '{"x":"X","ab":"a"}', { x: 'X', ab: 'a' });
  if (!absent()) many('items', list(item), true);
  return { json: `{${own.join(',')}}`, spring };

  function text(name: string): void {
    const value = random.pick(TEXTS);
    add(name, JSON.stringify(value), value);
  }
  function flag(name: string): void {
    const value = random.chance(0.5);
    add(name, String(value), value);
  }
  function texted(value: string): { json: string; value: unknown } {
    return { json: JSON.stringify(value), value };
  }
  function long(): { json: string; value: unknown } {
    const digits = random.pick(LONGS);
    return { json: digits, value: { $long: digits } };
  }
  function item(): { json: string; value: unknown } {
    const [k, v] = [random.pick(TEXTS), decimal()];
    return { json: `{"k":${JSON.stringify(k)},"v":${v.json}}`, value: { k, v: v.value } };
  }
  function list(one: () => { json: string; value: unknown }): { json: string; value: unknown }[] {
    return Array.from({ length: random.below(4) }, one);
  }
  function many(name: string, parts: readonly { json: string; value: unknown }[], isList: boolean): void {
    const json = parts.map((part) => part.json).join(',');
    if (isList)
      add(
        name,
        `[${json}]`,
        parts.map((part) => part.value),
      );
    else add(name, json, parts[0]!.value);
  }
}

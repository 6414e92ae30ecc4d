import type { SpelNumber } from './numbers.js';
import { javaText } from './java-text.js';
import type { Value } from './value.js';

/** `Number` is a number whose kind is known only at run time. */
export type NumberKind = 'Integer' | 'Long' | 'Double' | 'BigDecimal' | 'Number';

/** One type as Nussknacker's Designer knows it; `value` where the expression is a constant. */
export type PlainType =
  | { kind: 'unknown' }
  | { kind: 'null' }
  | { kind: 'text'; value?: string }
  | { kind: 'boolean'; value?: boolean }
  | { kind: 'number'; of: NumberKind; value?: SpelNumber }
  | { kind: 'list'; name: 'List' | 'Set' | 'Collection'; element: Type; values?: readonly Value[] }
  /** `ordered`: the order of the fields at run time is the one Nussknacker has, so it may be shown. */
  | { kind: 'record'; fields: ReadonlyMap<string, Type>; ordered: boolean }
  | { kind: 'map'; values: Type; ordered: boolean }
  | { kind: 'opaque'; name: string };

export type Type = PlainType | { kind: 'union'; options: readonly PlainType[] };

export const UNKNOWN = { kind: 'unknown' } as const;
export const NULL = { kind: 'null' } as const;
export const TEXT = { kind: 'text' } as const;
export const BOOLEAN = { kind: 'boolean' } as const;
export const INSTANT = { kind: 'opaque', name: 'Instant' } as const;
/** Of something that was refused already. */
export const REFUSED: PlainType = { kind: 'opaque', name: 'refused' };
export const LOCAL_DATE = { kind: 'opaque', name: 'LocalDate' } as const;

export const numberType = (of: NumberKind): PlainType => ({ kind: 'number', of });
export const listType = (element: Type): PlainType => ({ kind: 'list', name: 'List', element });

export function options(type: Type): readonly PlainType[] {
  return type.kind === 'union' ? type.options : [type];
}

/** The type without the constant it may carry. */
export function withoutValue(type: Type): Type {
  switch (type.kind) {
    case 'text':
      return TEXT;
    case 'boolean':
      return BOOLEAN;
    case 'number':
      return numberType(type.of);
    case 'list':
      return { kind: 'list', name: type.name, element: withoutValue(type.element) };
    case 'record':
      return {
        ...type,
        fields: new Map([...type.fields].map(([name, field]) => [name, withoutValue(field)])),
      };
    case 'union':
      return union(type.options.map(withoutValue));
    default:
      return type;
  }
}

/** One of several types; equal ones are one. */
export function union(types: readonly Type[]): Type {
  const all = types.flatMap(options);
  const distinct = all.filter((one, at) => all.findIndex((other) => show(other) === show(one)) === at);
  return distinct.length === 1 ? distinct[0]! : { kind: 'union', options: distinct };
}

/** The value of a constant, as { value }, or undefined. */
export function constantOf(type: Type): { value: Value } | undefined {
  if (type.kind === 'null') return { value: null };
  if (type.kind === 'list') return type.values === undefined ? undefined : { value: type.values };
  return 'value' in type ? { value: type.value } : undefined;
}

/** Written as Nussknacker writes types. */
export function show(type: Type): string {
  const constant = type.kind === 'null' ? undefined : constantOf(type);
  switch (type.kind) {
    case 'union':
      return type.options.map(show).join(' | ');
    case 'list': {
      const values = constant === undefined ? '' : `({${type.values!.map(javaText).join(', ')}})`;
      return `${type.name}[${show(type.element)}]${values}`;
    }
    case 'record':
      return `Record{${[...type.fields].map(([name, field]) => `${name}: ${show(field)}`).join(', ')}}`;
    case 'map':
      return `Map[String,${show(type.values)}]`;
    case 'opaque':
      return type.name;
    default: {
      const names = { unknown: 'Unknown', null: 'Null', text: 'String', boolean: 'Boolean' };
      const name = type.kind === 'number' ? type.of : names[type.kind];
      return constant === undefined ? name : `${name}(${javaText(constant.value)})`;
    }
  }
}

/** In words of the person who writes rules. */
export function describe(type: Type): string {
  const words = options(type).map((one) => {
    switch (one.kind) {
      case 'unknown':
        return 'a value of unknown type';
      case 'null':
        return 'null';
      case 'text':
        return 'a text';
      case 'boolean':
        return 'true or false';
      case 'number':
        return one.of === 'Number' ? 'a number' : `a number (${one.of})`;
      case 'list':
        return 'a list';
      case 'record':
      case 'map':
        return 'a record';
      case 'opaque':
        return one.name === 'Instant' || one.name === 'LocalDate' ? 'a time' : 'a value of mixed types';
    }
  });
  return [...new Set(words)].join(' or ');
}

const every = (type: Type, test: (one: PlainType) => boolean): boolean => options(type).every(test);

export const isText = (type: Type): boolean => every(type, ({ kind }) => kind === 'text');
export const isBoolean = (type: Type): boolean => every(type, ({ kind }) => kind === 'boolean');
export const isRecordLike = (type: Type): boolean =>
  every(type, ({ kind }) => kind === 'record' || kind === 'map');

/** The kinds of number this type may be, or undefined if it may be something else. */
export function numberKinds(type: Type): NumberKind[] | undefined {
  const kinds = options(type).map((one) => (one.kind === 'number' ? one.of : undefined));
  return kinds.includes(undefined) ? undefined : [...new Set(kinds as NumberKind[])];
}

/** The element type if this is a list in every case. An empty list literal takes the type of its companion. */
export function elementOf(type: Type): Type | undefined {
  const lists = options(type).map((one) => (one.kind === 'list' ? one : undefined));
  if (lists.includes(undefined)) return undefined;
  const filled = lists.filter((one) => one!.values?.length !== 0);
  return (filled.length === 0 ? lists : filled).map((one) => one!.element).reduce(supertype);
}
const CONSTABLE: readonly NumberKind[] = ['Integer', 'Long', 'Double'];

/** What two branches or two elements have in common; Unknown where nothing can be said. */
export function supertype(left: Type, right: Type): Type {
  const [a, b] = [withoutValue(left), withoutValue(right)];
  if (a.kind === 'null') return b;
  if (b.kind === 'null' || show(a) === show(b)) return a;
  if (a.kind === 'number' && b.kind === 'number') {
    const constable = CONSTABLE.includes(a.of) && CONSTABLE.includes(b.of);
    return constable
      ? { kind: 'opaque', name: 'Number | Constable | ConstantDesc' }
      : { kind: 'number', of: 'Number' };
  }
  if (a.kind === 'list' && b.kind === 'list' && a.name === b.name)
    return { ...a, element: supertype(a.element, b.element) };
  if (a.kind === 'record' && b.kind === 'record') {
    const fields = new Map(a.fields);
    for (const [name, type] of b.fields) {
      const other = fields.get(name);
      fields.set(name, other === undefined ? type : supertype(other, type));
    }
    return { kind: 'record', fields, ordered: false };
  }
  const scalar = (type: Type): boolean =>
    type.kind === 'text' || (type.kind === 'number' && CONSTABLE.includes(type.of));
  const mixed = (type: Type): boolean =>
    type.kind === 'opaque' && type.name.endsWith('Constable | ConstantDesc');
  if ((scalar(a) || mixed(a)) && (scalar(b) || mixed(b)))
    return { kind: 'opaque', name: 'Constable | ConstantDesc' };
  return UNKNOWN;
}

/** Whether Nussknacker lets the two be compared with == and !=. */
export function equatable(left: Type, right: Type): boolean {
  return options(left).some((a) => options(right).some((b) => equatablePlain(a, b)));
}

function equatablePlain(a: PlainType, b: PlainType): boolean {
  const anything = (type: PlainType): boolean =>
    type.kind === 'unknown' || type.kind === 'null' || type.kind === 'opaque';
  if (anything(a) || anything(b)) return true;
  if (a.kind === 'list' && b.kind === 'list') return equatable(a.element, b.element);
  if (isRecordLike(a) && isRecordLike(b)) return true;
  // Recorded: a text and a whole number may be compared, and are never equal.
  const textAndInteger = (x: PlainType, y: PlainType): boolean =>
    x.kind === 'text' && y.kind === 'number' && (y.of === 'Integer' || y.of === 'Long');
  return a.kind === b.kind || textAndInteger(a, b) || textAndInteger(b, a);
}

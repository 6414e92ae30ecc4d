import { plainToInstance } from 'class-transformer';
import { ValidationTypes, getMetadataStorage, type ValidationArguments } from 'class-validator';

type DtoClass = new () => object;
type Fields = Readonly<Record<string, unknown>>;

/** Paths of the fields that break a rule (`header.message_ts`), each once, in the order of the DTO. */
export type DtoCheck = (value: unknown) => string[];

interface Rule {
  each: boolean;
  holds(value: unknown): boolean;
}

interface Property {
  name: string;
  appliesTo: ((object: Fields, value: unknown) => boolean)[];
  rules: Rule[];
  nested: ObjectCheck | undefined;
  /** The text seen last and its verdict: the lines of a batch share payer, currency, purpose and note. */
  lastText: string | undefined;
  lastHolds: boolean;
}

const PREDICATES: ReadonlySet<string> = new Set([
  ValidationTypes.CUSTOM_VALIDATION,
  ValidationTypes.IS_DEFINED,
]);

type ObjectCheck = (value: Fields, path: string, found: string[]) => void;

/**
 * The decorators of a DTO, compiled once into class-validator's own predicates without its bookkeeping: about a
 * twentieth of the time, so that 100,000 lines do not stall the process, and the same verdict by construction.
 * @param leave properties of the class that are checked elsewhere.
 */
export function compileDto(target: DtoClass, leave: readonly string[] = []): DtoCheck {
  const check = objectCheck(target, leave);
  return (value) => {
    const found: string[] = [];
    if (isObject(value)) check(value, '', found);
    else found.push('');
    return found.length > 1 ? [...new Set(found)] : found;
  };
}

function objectCheck(target: DtoClass, leave: readonly string[]): ObjectCheck {
  const properties = propertiesOf(target).filter(({ name }) => !leave.includes(name));
  return (object, path, found) => {
    for (const property of properties) {
      const { name, appliesTo, nested } = property;
      const value = object[name];
      if (appliesTo.length > 0 && appliesTo.some((applies) => !applies(object, value))) continue;
      if (!allHold(property, value)) found.push(path + name);
      if (nested !== undefined) checkNested(nested, value, path + name, found);
    }
  };
}

const REMEMBERED_LENGTH_MAX = 512;

/** A rule is asked about a value alone, so that the verdict on the same text is the same. */
function allHold(property: Property, value: unknown): boolean {
  if (typeof value !== 'string' || value.length > REMEMBERED_LENGTH_MAX)
    return property.rules.every((rule) => ruleHolds(rule, value));
  if (value === property.lastText) return property.lastHolds;
  property.lastHolds = property.rules.every((rule) => ruleHolds(rule, value));
  property.lastText = value;
  return property.lastHolds;
}

function ruleHolds(rule: Rule, value: unknown): boolean {
  return rule.each && Array.isArray(value) ? value.every((item) => rule.holds(item)) : rule.holds(value);
}

// As class-validator does: a list is checked item by item, an absent value is the business of IsDefined.
function checkNested(nested: ObjectCheck, value: unknown, path: string, found: string[]): void {
  if (value === undefined) return;
  if (Array.isArray(value))
    value.forEach((item, index) => checkNested(nested, item, `${path}.${index}`, found));
  else if (isObject(value)) nested(value, `${path}.`, found);
  else found.push(path);
}

function propertiesOf(target: DtoClass): Property[] {
  const storage = getMetadataStorage();
  const properties = new Map<string, Property>();
  for (const metadata of storage.getTargetValidationMetadatas(target, '', false, false)) {
    const { propertyName: name, constraints, each } = metadata;
    const property = properties.get(name) ?? newProperty(name);
    properties.set(name, property);
    if (metadata.type === ValidationTypes.CONDITIONAL_VALIDATION) {
      property.appliesTo.push((constraints as Property['appliesTo'])[0]!);
    } else if (metadata.type === ValidationTypes.NESTED_VALIDATION) {
      property.nested = objectCheck(nestedClass(target, name), []);
    } else if (PREDICATES.has(metadata.type)) {
      const args: ValidationArguments = {
        value: undefined,
        constraints: (constraints as unknown[] | undefined) ?? [],
        targetName: target.name,
        object: {},
        property: name,
      };
      for (const { instance } of storage.getTargetValidatorConstraints(metadata.constraintCls)) {
        property.rules.push({ each, holds: (value) => instance.validate(value, args) === true });
      }
    }
  }
  return [...properties.values()];
}

function newProperty(name: string): Property {
  return { name, appliesTo: [], rules: [], nested: undefined, lastText: undefined, lastHolds: false };
}

/** What class-transformer makes of an object in this property: the class that its Type decorator names. */
function nestedClass(target: DtoClass, property: string): DtoClass {
  const made = (plainToInstance(target, { [property]: {} }) as Fields)[property];
  if (!isObject(made) || made.constructor === Object)
    throw new Error(`${target.name}.${property} has ValidateNested but no Type.`);
  return made.constructor as DtoClass;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

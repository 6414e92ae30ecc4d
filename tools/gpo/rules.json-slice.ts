/** Thrown for a text that is no JSON object; the message says where. */
export class NotAnObject extends Error {
  override readonly name = 'NotAnObject';
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const BETWEEN = /[^"{}[\],]+/y;

/**
 * The members of a JSON object, each value as the text it was written in: numbers keep their digits, and a record is
 * given to the engine as it would come from Kafka.
 * @throws NotAnObject
 */
export function memberTexts(json: string): Map<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw new NotAnObject(cause instanceof Error ? cause.message : String(cause), { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new NotAnObject('it is not a JSON object');
  const members = new Map<string, string>();
  for (const piece of pieces(json.trim().slice(1, -1))) {
    const name = match(STRING, piece, piece.search(/\S/));
    const rest = piece.slice(piece.indexOf(name) + name.length);
    members.set(JSON.parse(name) as string, rest.slice(rest.indexOf(':') + 1).trim());
  }
  return members;
}

/** The text between the commas of the outermost level; the text is known to be well formed. */
function pieces(text: string): string[] {
  const found: string[] = [];
  let [depth, from, at] = [0, 0, 0];
  while (at < text.length) {
    const character = text[at]!;
    if (character === '"') {
      at += match(STRING, text, at).length;
      continue;
    }
    if (character === '{' || character === '[') depth += 1;
    else if (character === '}' || character === ']') depth -= 1;
    else if (character === ',' && depth === 0) {
      found.push(text.slice(from, at));
      from = at + 1;
    } else if (character !== ',') {
      at += match(BETWEEN, text, at).length;
      continue;
    }
    at += 1;
  }
  if (text.slice(from).trim() !== '') found.push(text.slice(from));
  return found;
}

function match(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)![0];
}

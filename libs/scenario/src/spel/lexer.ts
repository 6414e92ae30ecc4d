import { ExpressionRefused } from './expression-error.js';

export type TokenKind = 'number' | 'string' | 'name' | 'variable' | 'operator' | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

const SPACE = /\s+/y;
const NUMBER = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\d+)[lLfFdD]?/y;
const STRING = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/y;
const VARIABLE = /#([A-Za-z_]\w*)/y;
const NAME = /[A-Za-z_$]\w*/y;
const OPERATOR = /\?\.|\?:|\.\?\[|\.\^\[|\.\$\[|\.!\[|==|!=|<=|>=|&&|\|\||[-+*/%^!<>?:.,()[\]{}@=&]/y;

/** Cuts a SpEL expression into tokens. @throws ExpressionRefused at a character that belongs to none. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  while (at < source.length) {
    const space = take(SPACE);
    if (space !== null) {
      at += space[0].length;
      continue;
    }
    const token = nextToken(take, at);
    if (token === undefined) throw new ExpressionRefused(`Unexpected character "${source[at]!}"`, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function nextToken(
  take: (pattern: RegExp) => RegExpExecArray | null,
  at: number,
): { token: Token; length: number } | undefined {
  const kinds: [TokenKind, RegExp, (match: RegExpExecArray) => string][] = [
    ['number', NUMBER, ([text]) => text],
    [
      'string',
      STRING,
      ([, single, double]) => single?.replaceAll("''", "'") ?? double!.replaceAll('""', '"'),
    ],
    ['variable', VARIABLE, ([, name]) => name!],
    ['name', NAME, ([text]) => text],
    ['operator', OPERATOR, ([text]) => text],
  ];
  for (const [kind, pattern, textOf] of kinds) {
    const match = take(pattern);
    if (match !== null) return { token: { kind, text: textOf(match), at }, length: match[0].length };
  }
  return undefined;
}

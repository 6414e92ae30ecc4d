import { ExpressionRefused } from './expression-error.js';

export type TokenKind = 'number' | 'string' | 'name' | 'variable' | 'operator' | 'end';

export interface Token {
  kind: TokenKind;
  text: string;
  at: number;
}

const SPACE = /[ \t\r\n]+/y;
const NUMBER = /0[xX][0-9A-Fa-f]+[lL]?|(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)[fFdD]?|\d+[lLfFdD]?/y;
const STRING = /'((?:[^']|'')*)'|"((?:[^"]|"")*)"/y;
const VARIABLE = /#([A-Za-z_$][\w$]*)/y;
const NAME = /[A-Za-z_$][\w$]*/y;
/** Words that are operators wherever they stand, in any case of letters. */
const WORD_OPERATORS = /^(?:div|eq|ge|gt|le|lt|mod|ne|not)$/i;
const OPERATOR =
  /\?\.\?\[|\?\.\^\[|\?\.\$\[|\?\.!\[|\+\+|--|\?\.|\?:|\.\?\[|\.\^\[|\.\$\[|\.!\[|==|!=|<=|>=|&&|\|\||[-+*/%^!<>?:.,()[\]{}@=&]/y;

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
    if (token === undefined) throw new ExpressionRefused(unexpected(source[at]!), at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function unexpected(character: string): string {
  if (character === "'" || character === '"') return 'a text has no closing quote';
  if (character === '#') return 'a variable name must follow #';
  return `the character ${character} cannot stand here`;
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
      // Spring halves both kinds of doubled quotes, whichever the text stands in.
      ([, single, double]) => (single ?? double!).replaceAll("''", "'").replaceAll('""', '"'),
    ],
    ['variable', VARIABLE, ([, name]) => name!],
    ['name', NAME, ([text]) => text],
    ['operator', OPERATOR, ([text]) => text],
  ];
  for (const [kind, pattern, textOf] of kinds) {
    const match = take(pattern);
    if (match === null) continue;
    const text = textOf(match);
    const isOperator = kind === 'name' && WORD_OPERATORS.test(text);
    const token: Token = isOperator ? { kind: 'operator', text: text.toLowerCase(), at } : { kind, text, at };
    return { token, length: match[0].length };
  }
  return undefined;
}

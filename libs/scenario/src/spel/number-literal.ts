import type { LiteralValue } from './ast.js';
import { ExpressionRefused } from './expression-error.js';
import type { Token } from './lexer.js';

const INT_MAX = 2_147_483_647n;
const LONG_MAX = 9_223_372_036_854_775_807n;

/** Integer up to 32 bits, Long with L up to 64, everything else a Double. @throws ExpressionRefused beyond. */
export function numberLiteral({ text, at }: Token): LiteralValue {
  if (/^0[xX]/.test(text)) throw new ExpressionRefused(`write ${text} as a decimal number`, at);
  if (/[fF]$/.test(text))
    throw new ExpressionRefused(`write ${text.slice(0, -1)} without the letter ${text.at(-1)!}`, at);
  if (/^\d+$/.test(text)) {
    if (BigInt(text) > INT_MAX) throw new ExpressionRefused(`${text} is over 32 bits; write ${text}L`, at);
    return Number(text);
  }
  if (/^\d+[lL]$/.test(text)) {
    const value = BigInt(text.slice(0, -1));
    if (value > LONG_MAX) throw new ExpressionRefused(`${text} is over 64 bits`, at);
    return value;
  }
  return { double: Number(text.replace(/[dD]$/, '')) };
}

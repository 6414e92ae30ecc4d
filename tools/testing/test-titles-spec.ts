import ts from 'typescript';

const BLOCK = /^(?:describe|with[A-Z]\w*)$/;
const CASE = /^(?:it|test)$/;

/**
 * The full titles (`describe > it`) of the tests that a spec file holds. A block that may be skipped counts
 * (`withShared`), a case that is written as skipped or left to do does not. `${...}` in a title reads as `…`.
 */
export function testTitles(source: string): string[] {
  const titles: string[] = [];
  const file = ts.createSourceFile('titles.spec.ts', source, ts.ScriptTarget.Latest, false);
  const walk = (node: ts.Node, path: readonly string[]): void => {
    const call = ts.isCallExpression(node) ? readCall(node) : undefined;
    if (call?.kind === 'off') return;
    if (call?.kind === 'case') titles.push([...path, call.title].join(' > '));
    const below = call?.kind === 'block' ? [...path, call.title] : path;
    ts.forEachChild(node, (child) => walk(child, below));
  };
  walk(file, []);
  return titles;
}

function readCall(call: ts.CallExpression): { kind: 'block' | 'case' | 'off'; title: string } | undefined {
  const words = calleeWords(call.expression);
  const [root, ...rest] = words;
  if (root === undefined || !(BLOCK.test(root) || CASE.test(root))) return undefined;
  const title = titleText(call.arguments[0]);
  if (title === undefined || call.arguments.length < 2) return undefined;
  if (rest.includes('skip') || rest.includes('todo') || root === 'xit') return { kind: 'off', title };
  return { kind: BLOCK.test(root) ? 'block' : 'case', title };
}

/** `it.each([...])` is `['it', 'each']`. */
function calleeWords(expression: ts.Expression): string[] {
  if (ts.isIdentifier(expression)) return [expression.text];
  if (ts.isPropertyAccessExpression(expression))
    return [...calleeWords(expression.expression), expression.name.text];
  if (ts.isCallExpression(expression)) return calleeWords(expression.expression);
  return [];
}

function titleText(node: ts.Expression | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  return undefined;
}

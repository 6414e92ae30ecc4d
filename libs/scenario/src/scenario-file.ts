/** The parts of Nussknacker's exported scenario (CanonicalProcess, 1.18) that are read. */
export interface ScenarioFile {
  metaData?: { id?: string; additionalFields?: { metaDataType?: string } };
  nodes?: FileNode[];
  additionalBranches?: unknown[];
}

export interface FileExpression {
  language: string;
  expression: string;
}

export interface FileParameter {
  name: string;
  expression: FileExpression;
}

export interface FileNode {
  id: string;
  type: string;
  isDisabled?: boolean | null;
  ref?: { typ?: string; parameters?: FileParameter[] };
  service?: { id?: string; parameters?: FileParameter[] };
  output?: string;
  varName?: string;
  value?: FileExpression;
  fields?: FileParameter[];
  expression?: FileExpression | null;
  exprVal?: string | null;
  nexts?: { expression: FileExpression; nodes: FileNode[] }[] | FileNode[][];
  defaultNext?: FileNode[];
  nextFalse?: FileNode[];
  nodeType?: string;
}

/** One thing in a file that cannot be run exactly as Nussknacker runs it. */
export interface Problem {
  node: string;
  /** What is wrong, and what to write instead. */
  message: string;
  expression?: string;
  /** Characters from the start of the expression. */
  position?: number;
}

/** The file is not run at all; every problem is listed. */
export class ScenarioRefused extends Error {
  override readonly name = 'ScenarioRefused';

  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(`${file}: ${problems.map(sentence).join(' ')}`);
  }
}

const EXCERPT = 60;

/** One problem in one sentence: node, what is wrong and what to write, the place in the expression. */
export function sentence({ node, message, expression, position = 0 }: Problem): string {
  const where = node === '' ? '' : `Node "${node}": `;
  if (expression === undefined) return `${where}${message}.`;
  const from = Math.max(0, Math.min(position - EXCERPT / 2, expression.length - EXCERPT));
  const excerpt = expression.slice(from, from + EXCERPT).replace(/\s+/g, ' ');
  const [before, after] = [from > 0 ? '...' : '', from + EXCERPT < expression.length ? '...' : ''];
  return `${where}${message} (character ${position + 1}: "${before}${excerpt}${after}").`;
}

/** Whether this JSON has the shape of a node with everything behind it; the parts of its own are checked later. */
export function isNode(value: unknown): value is FileNode {
  if (!isObject(value) || typeof value.id !== 'string' || typeof value.type !== 'string') return false;
  const { ref, service, nexts = [], defaultNext = [], nextFalse = [], fields = [] } = value;
  const lists = [ref, service].map((part) => (isObject(part) ? (part.parameters ?? []) : []));
  return (
    [...lists, fields].every((list) => Array.isArray(list) && list.every(isParameter)) &&
    [value.value, value.expression].every((one) => one === undefined || one === null || isExpression(one)) &&
    [defaultNext, nextFalse].every(isNodes) &&
    Array.isArray(nexts) &&
    nexts.every(value.type === 'Split' ? isNodes : isCase)
  );
}

function isCase(value: unknown): boolean {
  return isObject(value) && isExpression(value.expression) && isNodes(value.nodes);
}

function isNodes(value: unknown): boolean {
  return Array.isArray(value) && value.every(isNode);
}

function isParameter(value: unknown): boolean {
  return isObject(value) && typeof value.name === 'string' && isExpression(value.expression);
}

function isExpression(value: unknown): boolean {
  return isObject(value) && typeof value.language === 'string' && typeof value.expression === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

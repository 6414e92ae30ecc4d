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

export interface FileNode {
  id: string;
  type: string;
  isDisabled?: boolean | null;
  ref?: { typ?: string; parameters?: { name: string; expression: FileExpression }[] };
  service?: { id?: string; parameters?: { name: string; expression: FileExpression }[] };
  output?: string;
  varName?: string;
  value?: FileExpression;
  fields?: { name: string; expression: FileExpression }[];
  expression?: FileExpression | null;
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

function sentence({ node, message, expression, position }: Problem): string {
  const place =
    expression === undefined ? '' : ` (in "${expression.slice(0, 80)}", character ${(position ?? 0) + 1})`;
  return `Node "${node}": ${message}${place}.`;
}

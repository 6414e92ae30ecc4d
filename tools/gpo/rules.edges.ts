import type { FileNode, ScenarioFile } from '@gpo/scenario';

/** One way out of a node, or the node itself where it has only one, as the trace of a run names it; `words` says it to an analyst. */
export interface Edge {
  node: string;
  edge?: string;
  words: string;
}

/** Rows of a decision table as text, by node: what the dry run quotes. */
export type TableRows = ReadonlyMap<string, readonly string[]>;

/**
 * Every way out of every node: both sides of a filter, every branch of a choice with its default, every branch
 * of a split, every row of a decision table and the case that none matches. Nothing can come behind a branch that is
 * literally `true`, so a default behind one is no edge.
 */
export function edgesOf(file: ScenarioFile): Edge[] {
  return nodesOf(file.nodes ?? []).flatMap((node): Edge[] => {
    const ways = waysOut(node);
    if (ways.length === 0) return [{ node: node.id, words: `"${node.id}"` }];
    return ways.map(({ edge, words }) => ({ node: node.id, edge, words: `"${node.id}", ${words}` }));
  });
}

/** The text of one edge, equal where two edges are the same. */
export function edgeKey({ node, edge }: { node: string; edge?: string }): string {
  return JSON.stringify([node, edge ?? null]);
}

export function tableRows(file: ScenarioFile): TableRows {
  const tables = nodesOf(file.nodes ?? []).filter(({ type }) => type === 'Enricher');
  return new Map(tables.map((node) => [node.id, rowsOf(node)]));
}

/** Every enabled node of the file, in the order of the flow. */
export function nodesOf(nodes: readonly FileNode[]): FileNode[] {
  return nodes.flatMap((node) => {
    if (node.isDisabled === true) return [];
    const nexts = (node.nexts ?? []).flatMap((next) => nodesOf(Array.isArray(next) ? next : next.nodes));
    return [node, ...nexts, ...nodesOf(node.defaultNext ?? []), ...nodesOf(node.nextFalse ?? [])];
  });
}

function waysOut(node: FileNode): { edge: string; words: string }[] {
  switch (node.type) {
    case 'Filter':
      return ['true', 'false'].map((edge) => ({ edge, words: `the side "${edge}"` }));
    case 'Switch':
      return choiceEdges(node);
    case 'Split':
      return (node.nexts ?? []).map((_, index) => ({ edge: `${index + 1}`, words: `branch ${index + 1}` }));
    case 'Enricher':
      return [
        ...rowsOf(node).map((text, index) => ({
          edge: `row ${index + 1}`,
          words: `row ${index + 1} (${text}) as the first that matches`,
        })),
        { edge: 'no row', words: 'no row matches' },
      ];
    default:
      return [];
  }
}

function choiceEdges(node: FileNode): { edge: string; words: string }[] {
  const conditions = (node.nexts ?? []).map((next) =>
    Array.isArray(next) ? '' : next.expression.expression.trim(),
  );
  const branches = conditions.map((text, index) => ({
    edge: `${index + 1}`,
    words: `branch ${index + 1} (${text})`,
  }));
  if (conditions.includes('true')) return branches;
  return [...branches, { edge: 'default', words: 'no branch applies' }];
}

function rowsOf(node: FileNode): string[] {
  const source = node.service?.parameters?.find(({ name }) => name === 'Decision Table')?.expression
    .expression;
  const { columns, rows } = JSON.parse(source ?? '{"columns":[],"rows":[]}') as {
    columns: { name: string }[];
    rows: (string | null)[][];
  };
  return rows.map((cells) =>
    columns
      .flatMap(({ name }, index) => ((cells[index] ?? null) === null ? [] : [`${name} ${cells[index]!}`]))
      .join(', '),
  );
}

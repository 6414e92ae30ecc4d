/** A parsed expression. `at` is the position in its source, for messages. */
export type Node = { at: number } & (
  | { kind: 'literal'; value: LiteralValue }
  | { kind: 'variable'; name: string }
  | { kind: 'list'; items: Node[] }
  | { kind: 'record'; fields: { name: string; value: Node }[] }
  | { kind: 'property'; target: Node; name: string; safe: boolean }
  | { kind: 'method'; target: Node; name: string; args: Node[]; safe: boolean }
  | { kind: 'index'; target: Node; index: Node }
  | { kind: 'select'; target: Node; which: 'all' | 'first' | 'last'; test: Node; safe: boolean }
  | { kind: 'project'; target: Node; value: Node; safe: boolean }
  | { kind: 'not'; operand: Node }
  | { kind: 'sign'; sign: 'plus' | 'minus'; operand: Node }
  | { kind: 'isText'; operand: Node }
  | { kind: 'binary'; operator: BinaryOperator; left: Node; right: Node }
  | { kind: 'ternary'; test: Node; yes: Node; no: Node }
  | { kind: 'elvis'; value: Node; otherwise: Node }
);

export type NodeOf<K extends Node['kind']> = Extract<Node, { kind: K }>;

/** Integer is a JS number, Long a bigint; decimal text is a Double literal. */
export type LiteralValue = string | number | bigint | boolean | null | { double: number };

export type BinaryOperator =
  | 'or'
  | 'and'
  | 'eq'
  | 'ne'
  | 'lt'
  | 'le'
  | 'gt'
  | 'ge'
  | 'matches'
  | 'between'
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'mod'
  | 'pow';

/** One thing that keeps a scenario from being deployed. `node` is '' where it concerns the whole scenario. */
export interface ScenarioProblem {
  node: string;
  message: string;
}

interface DesignerError {
  message?: unknown;
  description?: unknown;
  fieldName?: unknown;
}

/** Reads the `errors` of the Designer's validation result. */
export function readProblems(validation: unknown): ScenarioProblem[] {
  const errors = member(validation, 'errors');
  const perNode = Object.entries(objectOf(member(errors, 'invalidNodes'))).flatMap(([node, list]) =>
    listOf(list).map((error) => ({ node, message: sentence(error) })),
  );
  const ofScenario = listOf(member(errors, 'processPropertiesErrors')).map((error) => ({
    node: '',
    message: sentence(error),
  }));
  const global = listOf(member(errors, 'globalErrors')).flatMap((entry) => {
    const nodes = listOf(member(entry, 'nodeIds')).map(String);
    const message = sentence(member(entry, 'error') ?? entry);
    return (nodes.length === 0 ? [''] : nodes).map((node) => ({ node, message }));
  });
  return [...perNode, ...ofScenario, ...global];
}

function sentence(error: unknown): string {
  const { message, description, fieldName } = objectOf(error) as DesignerError;
  const field = typeof fieldName === 'string' && fieldName !== '' ? ` (${fieldName})` : '';
  const parts = [message, description].filter(
    (part): part is string => typeof part === 'string' && part !== '',
  );
  return `${[...new Set(parts)].join(': ') || JSON.stringify(error)}${field}`;
}

function member(value: unknown, name: string): unknown {
  return objectOf(value)[name];
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export { loadScenario } from './scenario.js';
export type { Scenario, ScenarioResult } from './scenario-run.js';
export { ScenarioRefused, type FileNode, type Problem, type ScenarioFile } from './scenario-file.js';
export { canonicalJson, identifyScenario, type ScenarioIdentity } from './scenario-version.js';
export type { JsonSchema, TopicSchema } from './schema-types.js';
export { compileExpression } from './spel/compiler.js';
export { EvaluationFailed, ExpressionRefused } from './spel/expression-error.js';
export type { Trace } from './spel/scope.js';

export { loadScenario } from './scenario.js';
export type { Scenario, ScenarioResult } from './scenario-run.js';
export { ScenarioRefused, type FileNode, type Problem, type ScenarioFile } from './scenario-file.js';
export type { TopicSchema } from './message.js';
export { compileExpression, type Trace } from './spel/compiler.js';
export { EvaluationFailed, ExpressionRefused } from './spel/expression-error.js';

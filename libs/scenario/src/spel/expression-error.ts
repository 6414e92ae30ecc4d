/** The expression cannot be used: unknown syntax, variable, field or method. Found when a file is loaded. */
export class ExpressionRefused extends Error {
  override readonly name = 'ExpressionRefused';

  constructor(
    message: string,
    /** Characters from the start of the expression. */
    readonly position: number,
  ) {
    super(message);
  }
}

/** The expression uses a variable whose own value was refused; that is the problem to report. */
export class RefusedElsewhere extends Error {
  override readonly name = 'RefusedElsewhere';
}

/** The expression failed on one message, as it does on Nussknacker; the message goes to the error topic. */
export class EvaluationFailed extends Error {
  override readonly name = 'EvaluationFailed';
}

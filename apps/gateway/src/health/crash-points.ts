import { Injectable } from '@nestjs/common';
import { GatewayConfig } from '../gateway.config.js';

/** Named places where a failure test lets this process die as a power cut would. */
export type CrashPoint =
  | 'intake.before-commit'
  | 'intake.after-commit'
  | 'load.before-commit'
  | 'load.after-commit'
  | 'resolve.before-commit'
  | 'dispatch.before-send'
  | 'dispatch.after-send'
  | 'outcome.after-commit'
  | 'retry.after-send'
  | 'review.after-commit'
  | 'release.before-send'
  | 'release.after-send'
  | 'callback.before-answer'
  | 'callback.before-send'
  | 'callback.after-send';

@Injectable()
export class CrashPoints {
  constructor(private readonly config: GatewayConfig) {}

  /** Kills the process without any clean-up if the test asked for this point; does nothing otherwise. */
  reached(point: CrashPoint): void {
    if (this.config.crashPoint === point) process.kill(process.pid, 'SIGKILL');
  }
}

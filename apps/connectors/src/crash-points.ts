import { Injectable } from '@nestjs/common';
import { ConnectorsConfig } from './connectors.config.js';

/** Named places where a failure test lets this process die or freeze. */
export type CrashPoint =
  | 'claim.before-commit'
  | 'claim.after-commit'
  | 'take.after-commit'
  | 'submit.before-send'
  | 'submit.after-answer'
  | 'outcome.after-write'
  | 'publish.before-send'
  | 'publish.after-send';

@Injectable()
export class CrashPoints {
  private frozen = false;

  constructor(private readonly config: ConnectorsConfig) {}

  /** SIGKILL or, once, SIGSTOP of this process if the test asked for this point; nothing otherwise. */
  reached(point: CrashPoint): void {
    if (this.config.crashPoint === point) process.kill(process.pid, 'SIGKILL');
    if (this.config.freezePoint === point && !this.frozen) {
      this.frozen = true;
      process.kill(process.pid, 'SIGSTOP');
    }
  }
}

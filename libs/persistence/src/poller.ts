import { Logger } from '@nestjs/common';

export interface PollerOptions {
  name: string;
  /** Longest pause between two looks, in milliseconds. */
  idleMs: number;
  /** Does a bounded piece of work; true = there may be more at once, a number = after so many milliseconds. */
  work: () => Promise<boolean | number>;
}

const FAILURE_PAUSE_MS = 1000;

/** Work in no hurry that goes over everything that is open rests so many times as long as a step of it takes. */
const REST_TIMES = 50;

/** A step that waited long, for a connection or because the process was stopped, was not so much work. */
const REST_MAX_MS = 2000;

/** How long to rest after a step of such work, so that nobody else waits for it. @param started performance.now() @returns milliseconds */
export function restAfter(started: number): number {
  return Math.min(REST_TIMES * (performance.now() - started), REST_MAX_MS);
}

/**
 * One loop of background work: looks again at once while there is work, sleeps until woken or until idleMs passed
 * otherwise. A failure is told once and tried again after a pause: the work is read from rows, so nothing is lost.
 */
export class Poller {
  private readonly log: Logger;
  private running = false;
  private woken = false;
  private failing = false;
  private wakeUp: (() => void) | undefined;
  private done: Promise<void> = Promise.resolve();

  constructor(private readonly options: PollerOptions) {
    this.log = new Logger(options.name);
  }

  start(): void {
    if (this.running) return;
    this.running = true;
    this.done = this.loop();
  }

  /** Look now instead of after the pause. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /** Resolves when the work in progress has ended. */
  async stop(): Promise<void> {
    this.running = false;
    this.wake();
    await this.done;
  }

  private async loop(): Promise<void> {
    while (this.isRunning()) {
      this.woken = false;
      const more = await this.once();
      if (!this.running || more === true) continue;
      if (more === 'failed') await this.pause(FAILURE_PAUSE_MS, false);
      else await this.pause(more === false ? this.options.idleMs : more, true);
    }
  }

  private isRunning(): boolean {
    return this.running;
  }

  private async once(): Promise<boolean | number | 'failed'> {
    try {
      const more = await this.options.work();
      if (this.failing) this.log.log('works again');
      this.failing = false;
      return more;
    } catch (error) {
      if (!this.failing) this.log.error(`failed, will try again: ${String(error)}`);
      this.failing = true;
      return 'failed';
    }
  }

  /** @param wakeable false after a failure: a stream of wake-ups must not turn it into a hot loop. */
  private pause(ms: number, wakeable: boolean): Promise<void> {
    if ((wakeable && this.woken) || !this.running) return Promise.resolve();
    return new Promise((resolve) => {
      const finish = (): void => {
        clearTimeout(timer);
        this.wakeUp = undefined;
        resolve();
      };
      const timer = setTimeout(finish, ms);
      this.wakeUp = () => {
        if (wakeable || !this.running) finish();
      };
    });
  }
}

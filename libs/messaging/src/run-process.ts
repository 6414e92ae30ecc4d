import { ConsoleLogger, Logger } from '@nestjs/common';

type Close = () => Promise<void>;

const CLOSE_MAX_MS = 60_000;

/**
 * The life of a process: starts it, ends it in order on SIGTERM or SIGINT with code 0, and ends it with code 1 and one
 * sentence where it cannot start or cannot go on, so that its supervisor starts it anew.
 */
export async function runProcess(
  name: string,
  start: (onFatal: (error: Error) => void) => Promise<Close>,
): Promise<void> {
  Logger.overrideLogger(new ConsoleLogger({ json: true, logLevels: ['log', 'warn', 'error', 'fatal'] }));
  const log = new Logger(name);
  let starting: Promise<Close | undefined> = Promise.resolve(undefined);
  const life = { ending: false };
  const end = (code: number): void => {
    if (life.ending) return;
    life.ending = true;
    setTimeout(() => process.exit(code === 0 ? 2 : code), CLOSE_MAX_MS).unref();
    // A stop in the middle of the start waits for it: a consumer that just joined must leave its group.
    starting
      .then((close) => close?.())
      .then(
        () => process.exit(code),
        (error: unknown) => {
          log.error(`did not end cleanly: ${String(error)}`);
          process.exit(1);
        },
      );
  };
  const fatal = (error: unknown): void => {
    log.fatal(error instanceof Error ? (error.stack ?? error.message) : String(error));
    end(1);
  };
  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(0));
  process.on('unhandledRejection', fatal);
  process.on('uncaughtException', fatal);
  try {
    starting = start(fatal);
    await starting;
    log.log('started');
  } catch (error) {
    if (life.ending) return;
    log.fatal(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

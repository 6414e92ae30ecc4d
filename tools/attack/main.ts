import { Command } from 'commander';
import { PlainError } from '../stack/plain-error.js';
import { attackApi } from './api.js';

type Options = Record<'cases' | 'seconds' | 'seed' | 'perOperation' | 'callers', string> & {
  fuzzOnly?: true;
};

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const program = new Command('npm run attack --').description(
  'Attacks the product as a stranger would, and says what it found.',
);
program
  .command('api')
  .description('schemathesis over openapi/gateway.json: no 5xx, and no answer that is not described.')
  .option('--cases <N>', 'cases after which it ends', '20000')
  .option('--seconds <N>', 'seconds after which it ends', '3600')
  .option('--per-operation <N>', 'fuzzing cases per operation and run, times the share of the caller', '60')
  .option('--callers <NAMES>', 'only these: openg2p, strict, right-header, operator, nobody', '')
  .option('--fuzz-only', 'only cases that depend on the seed')
  .option('--seed <N>', 'seed of the first run', String(Date.now() % 1_000_000))
  .action(async (options: Options) => {
    const held = await attackApi({
      cases: Number(options.cases),
      seconds: Number(options.seconds),
      seed: Number(options.seed),
      casesPerOperation: Number(options.perOperation),
      only: options.callers === '' ? [] : options.callers.split(','),
      systematic: options.fuzzOnly !== true,
      say,
    });
    process.exitCode = held ? 0 : 1;
  });

try {
  await program.parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof PlainError)) throw error;
  say(error.message);
  process.exitCode = 1;
}
process.exit();

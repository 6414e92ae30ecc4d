import { Command } from 'commander';
import { benchE2e } from './e2e.js';

const program = new Command('npm run bench --').description(
  'Measures the product beside a floor in the same run.',
);
program
  .command('e2e')
  .description('Settled disbursements a second with a zero-delay rail, as a ratio to the bare pipe.')
  .option('--items <N>', 'disbursements a round', '10000')
  .option('--rounds <N>', 'rounds, interleaved with the floor', '3')
  .action((options: { items: string; rounds: string }) =>
    benchE2e(Number(options.items), Number(options.rounds)),
  );

await program.parseAsync(process.argv);
process.exit(0);

import { Command } from 'commander';
import { benchBooks } from './books.js';
import { benchCallback } from './callback.js';
import { benchE2e } from './e2e.js';
import { benchIntake } from './intake.js';
import { benchMapper } from './mapper.js';
import { benchRails } from './rails.js';
import { benchRoute } from './route.js';
import { benchStatus } from './status.js';

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
program
  .command('route')
  .description(
    'The router on the shipped request-check, as a ratio to a bare kafkajs copy of the same records.',
  )
  .option('--items <N>', 'records a round', '60000')
  .option('--rounds <N>', 'rounds, interleaved with the copy', '11')
  .action((options: { items: string; rounds: string }) =>
    benchRoute(Number(options.items), Number(options.rounds)),
  );
program
  .command('callback')
  .description(
    'Callbacks a second through the sender step, as a ratio to a bare HTTP client in the same run.',
  )
  .option('--items <N>', 'callbacks a round', '10000')
  .option('--rounds <N>', 'rounds, interleaved with the bare client', '5')
  .action((options: { items: string; rounds: string }) =>
    benchCallback(Number(options.items), Number(options.rounds)),
  );
program
  .command('intake')
  .description(
    'Messages of 1,000 to 100,000 lines and one CSV file: time to the Ack and until loaded, stall, memory.',
  )
  .option('--rows <N>', 'rows of the CSV file; 0 = no file', '1000000')
  .option('--rounds <N>', 'messages of each size', '3')
  .action((options: { rows: string; rounds: string }) =>
    benchIntake(Number(options.rows), Number(options.rounds)),
  );
program
  .command('mapper')
  .description('Lines with beneficiary ids, through a mapper that fails 5 % of calls and knows 98 % of ids.')
  .option('--items <N>', 'disbursements', '100000')
  .action((options: { items: string }) => benchMapper(Number(options.items)));
program
  .command('rails')
  .description('Lines over three families of rails that make trouble, with one lane held half-way.')
  .option('--items <N>', 'disbursements', '100000')
  .action((options: { items: string }) => benchRails(Number(options.items)));
program
  .command('status')
  .description('Status, pages, searches and a CSV export over stored batches: p99 at a fixed rate, memory.')
  .option('--batches <N>', 'batches', '1000')
  .option('--items <N>', 'disbursements in all; the largest batch has a tenth, at most a million', '10000000')
  .action((options: { batches: string; items: string }) =>
    benchStatus(Number(options.batches), Number(options.items)),
  );
program
  .command('books')
  .description(
    'Import of a statement, breaks, positions, close-out and pack of one large batch: seconds, memory.',
  )
  .option('--items <N>', 'disbursements', '1000000')
  .action((options: { items: string }) => benchBooks(Number(options.items)));

await program.parseAsync(process.argv);
process.exit(0);

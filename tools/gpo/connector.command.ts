import type { Command } from 'commander';
import { addConnector } from './connector.files.js';

const NEXT = `
Next: fill in what says FILL IN, first NAME.codes.ts and NAME.mapping.ts, until
  npm run conformance -- NAME
passes; then write MAPPING.md, and a lane with "connector": "NAME" into the lanes file. Until it is filled in, it refuses every
disbursement before anything is sent. docs/conformance.md says what the kit proves.
`;

export function addConnectorCommands(program: Command): void {
  program
    .command('connector')
    .description('Connectors to rails, in a checkout of the project.')
    .command('add <name>')
    .description(
      'Writes a connector from templates, with its trial by the conformance kit, and registers it.',
    )
    .action((name: string) => {
      const files = addConnector(process.cwd(), name);
      const written = files.map((file) => `  ${file}\n`).join('');
      process.stdout.write(`Written:\n${written}${NEXT.replaceAll('NAME', name)}`);
    });
}

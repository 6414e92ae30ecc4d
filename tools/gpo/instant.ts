import { InvalidArgumentError } from 'commander';
import { isInstant } from '@gpo/persistence';

/** Reads an option that is a point of time: ISO 8601 with its offset. @throws InvalidArgumentError, which ends the command with code 64. */
export function instant(text: string): string {
  if (!isInstant(text)) throw new InvalidArgumentError('A time such as 2026-03-01T18:00:00Z is needed.');
  return text;
}

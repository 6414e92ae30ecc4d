import { isDay } from '@gpo/g2p-connect-schemas';
import { CommandFailed } from './command-failed.js';

/** A day as `YYYY-MM-DD`. @throws CommandFailed that names the option. */
export function readDay(option: string, text: string): string {
  if (!isDay(text)) throw new CommandFailed(`${option} must be a day such as 2026-03-31.`, 2);
  return text;
}

import { CommandFailed } from './command-failed.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;

/** A day as `YYYY-MM-DD`. @throws CommandFailed that names the option. */
export function readDay(option: string, text: string): string {
  if (!DAY.test(text) || Number.isNaN(Date.parse(text)) || dayText(Date.parse(text)) !== text)
    throw new CommandFailed(`${option} must be a day such as 2026-03-31.`, 2);
  return text;
}

export function dayText(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

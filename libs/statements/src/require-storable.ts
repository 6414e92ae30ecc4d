import { isDay } from '@gpo/g2p-connect-schemas';
import { UnreadableFile } from '@gpo/xml';
import type { Balance, Booking, Statement } from './statement.js';

/**
 * A statement with a day that is none, or with text that no record holds, is not half read: what a bank says of money is whole or refused.
 * @throws UnreadableFile with a sentence that names the day.
 */
export function requireStorable(statements: readonly Statement[]): void {
  for (const { id, account, opening, closing, bookings } of statements) {
    requireText([id, account]);
    for (const balance of [opening, closing]) if (balance !== undefined) requireBalance(balance);
    for (const booking of bookings) requireBooking(booking);
  }
}

function requireBalance({ currency, on }: Balance): void {
  requireText([currency]);
  requireDays([on]);
}

function requireBooking({ bookedOn, valueOn, moved, group, ...fields }: Booking): void {
  const { currency, reference, endToEndId, code, text } = fields;
  requireDays([bookedOn, valueOn]);
  requireText([currency, reference, endToEndId, code, text, moved?.currency]);
  requireText([group?.messageId, group?.paymentInformationId]);
}

function requireDays(days: readonly (string | undefined)[]): void {
  const wrong = days.find((day) => day !== undefined && !isDay(day));
  if (wrong !== undefined)
    throw new UnreadableFile(`it names the day ${JSON.stringify(wrong)}, which is none`);
}

function requireText(texts: readonly (string | undefined)[]): void {
  if (texts.some((text) => text?.includes('\0') === true))
    throw new UnreadableFile('it holds a NUL character');
}

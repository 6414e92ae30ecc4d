import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** Asks again until there is an answer. */
export async function until<T>(timeoutMs: number, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await sleep(150);
  }
  throw new Error(`not within ${timeoutMs} ms${last instanceof Error ? `: ${last.message}` : ''}`);
}

export interface TestLine {
  reference_id: string;
  payee_fa: string;
  amount: string;
  currency_code: string;
}

/** `count` payable lines over the three lanes. */
export function goodLines(count: number): TestLine[] {
  return Array.from({ length: count }, (_, index) => ({
    reference_id: randomUUID(),
    payee_fa:
      index % 3 === 0
        ? `phone:+2547${String(10_000_000 + index)}@mpesa`
        : `account_no:${100_000 + index}@BANKRWRW`,
    amount: `${100 + (index % 900)}.50`,
    currency_code: index % 3 === 2 ? 'NGN' : 'KES',
  }));
}

/** A message of profile openg2p. */
export function message(transactionId: string, lines: readonly unknown[]): Record<string, unknown> {
  return {
    header: { message_id: randomUUID() },
    message: { transaction_id: transactionId, disbursements: lines },
  };
}

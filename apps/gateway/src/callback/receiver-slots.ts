import type { ReceiverSlots as Slots } from './callback.repository.js';

/** Callbacks to one receiver at the same time. */
export const SLOTS_OF_RECEIVER = 8;

/** After a try without an answer, until the next answer: one, so that a dead receiver costs one connection. */
const SLOTS_OF_SILENT_RECEIVER = 1;

interface Use {
  inFlight: number;
  silent: boolean;
}

/**
 * Who may be called how many times at once. There is no limit over all receivers: whatever hangs fills its own slots
 * and takes none from the others.
 */
export class ReceiverSlots {
  private readonly uses = new Map<string, Use>();

  /** Receivers whose free slots are not the usual number. */
  free(): Slots[] {
    return [...this.uses].map(([receiver, { inFlight, silent }]) => ({
      receiver,
      free: Math.max(0, (silent ? SLOTS_OF_SILENT_RECEIVER : SLOTS_OF_RECEIVER) - inFlight),
    }));
  }

  take(receiver: string): void {
    const use = this.uses.get(receiver) ?? { inFlight: 0, silent: false };
    use.inFlight += 1;
    this.uses.set(receiver, use);
  }

  /** @param answered undefined where nothing was learned about the receiver. */
  release(receiver: string, answered: boolean | undefined): void {
    const use = this.uses.get(receiver);
    if (use === undefined) return;
    use.inFlight -= 1;
    if (answered !== undefined) use.silent = !answered;
    if (use.inFlight === 0 && !use.silent) this.uses.delete(receiver);
  }
}

/** What decides with how many others an attempt may share a call. */
interface Sendable {
  /** Times it went out, this one included. */
  sends: number;
  /** Times the rail was asked about it. */
  queries: number;
}

const NARROWING = 10;

/**
 * Cuts attempts into calls of at most `max`. One item that a rail chokes on takes all others of its call with it into
 * silence; so each time an attempt goes out again after silence, it shares its call with a tenth as many, in the end
 * with none. An attempt that never was unknown, because no byte of it went out, is not narrowed.
 */
export function submitChunks<T extends Sendable>(attempts: readonly T[], max: number): T[][] {
  const bySize = new Map<number, T[]>();
  for (const attempt of attempts) {
    const silences = attempt.queries === 0 ? 0 : attempt.sends - 1;
    const size = Math.max(1, Math.floor(max / NARROWING ** silences));
    const chosen = bySize.get(size);
    if (chosen === undefined) bySize.set(size, [attempt]);
    else chosen.push(attempt);
  }
  return [...bySize].flatMap(([size, chosen]) => slicesOf(chosen, size));
}

function slicesOf<T>(items: readonly T[], size: number): T[][] {
  const slices: T[][] = [];
  for (let from = 0; from < items.length; from += size) slices.push(items.slice(from, from + size));
  return slices;
}

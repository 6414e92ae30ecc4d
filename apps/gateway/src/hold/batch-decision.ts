import type { HolderKind, LineStand } from './hold-mark.repository.js';
import type { Principal } from '../senders/sender.js';

/** A decision about a batch, or about some of its lines. */
export interface BatchDecision {
  batchId: string;
  kind: HolderKind;
  /** Stands in the history: the operator, or the sender and the person it names. */
  actor: string;
  reason: string;
  /** The lines by their name at the sender; absent = every line of the batch. */
  references?: readonly string[];
  /** For a cancel that goes on: `next` of the answer before. */
  after: number;
}

/** A line that a decision came too late for: a lane claimed it, or it is final. */
export interface TooLateLine {
  reference_id: string;
  state: string;
  /** State of its first attempt; null where there is none. */
  attempt_state: string | null;
}

/** Most lines that an answer names one by one. */
export const NAMED_MAX = 1000;

/** What became of the lines that a decision was about: each is counted once. */
export class Tally {
  done = 0;
  already = 0;
  tooLate = 0;
  /** Held by an operator, so that the sender cannot release them. */
  kept = 0;
  readonly tooLateLines: TooLateLine[] = [];
  readonly unknown: string[] = [];

  late({ reference_id, state, attempt_state }: LineStand): void {
    this.tooLate += 1;
    if (this.tooLateLines.length < NAMED_MAX) this.tooLateLines.push({ reference_id, state, attempt_state });
  }
}

/** Who decides, as it stands in the history. @param by the person, where the credential is a system's. */
export function actorOf(
  principal: Principal,
  by: string | undefined,
): { kind: HolderKind; actor: string } | undefined {
  if (principal.kind === 'auditor') return undefined;
  const [kind, name] =
    principal.kind === 'operator'
      ? (['operator', principal.id] as const)
      : (['sender', `sender ${principal.sender.id}`] as const);
  return { kind, actor: by === undefined ? name : `${name} (${by})` };
}

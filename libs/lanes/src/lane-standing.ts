import { CallingHours, type CallingWindow } from './calling-window.js';

/** What the process that hosts a lane says of it; stands in the lane's row. */
export interface HostedLane {
  /** Name in the connector registry. */
  connector: string;
  /** So long after the last byte the rail may still bring a payment (rule F). */
  absent_is_final_after_ms: number;
  /** Calls at once, in each process. */
  concurrency: number;
  /** Sends a second, over all processes. */
  per_second: number;
  /** Attempts on their way at once, over all processes; null = only as many as concurrency allows. */
  in_flight: number | null;
  /** Most attempts of one take; null = as many as there is room for. */
  batch_size: number | null;
  /** So many silences in a row stop it. */
  breaker_after: number;
  /** When it may be called; null = always. */
  window: CallingWindow | null;
}

/** A lane as its row and its attempts say. */
export interface LaneStanding {
  lane: string;
  state: string;
  reason: string | null;
  changed_at: Date;
  changed_by: string | null;
  probe_at: Date | null;
  silences: number;
  /** When a process last said that it hosts the lane. */
  seen_at: Date;
  hosted: HostedLane | null;
  queued: number;
  oldest_queued_at: Date | null;
  sending: number;
}

/** Why a lane pays or does not pay, in words for an operator. */
export interface LaneExplanation {
  paying: boolean;
  /** When it pays again by its calling hours; null where that is not what it waits for. */
  opens_at: Date | null;
  /** The reason that matters first stands first. */
  because: string[];
}

/** Processes say every ten seconds that they host a lane. */
const UNSEEN_MS = 60_000;

const TROUBLE: Readonly<Record<string, string>> = {
  auth: 'The rail refuses our credentials',
  configuration: 'The rail refuses how we are set up',
  payer_funds: 'The payer has no funds at the rail',
  no_answer: 'The rail does not answer',
};

/** Pure: the same standing at the same time is explained in the same words. */
export function explainLane(lane: LaneStanding, now: Date): LaneExplanation {
  const because: string[] = [];
  if (lane.hosted === null || now.getTime() - lane.seen_at.getTime() > UNSEEN_MS)
    because.push('No process hosts it: start a connectors process with this lane in its LANES_FILE.');
  if (lane.state === 'held') because.push(held(lane));
  if (lane.state === 'stopped') because.push(stopped(lane));
  const { hosted } = lane;
  const hours = hosted?.window ? new CallingHours(hosted.window) : undefined;
  const closed = hours !== undefined && !hours.isOpen(now);
  const opensAt = closed ? (hours.nextOpening(now) ?? null) : null;
  if (closed) because.push(outside(hosted!.window!, opensAt));
  const paying = because.length === 0;
  if (paying) because.push(...flow(lane));
  if (lane.state === 'open' && lane.silences > 0)
    because.push(
      `The rail left the last ${lane.silences} calls unanswered; ${hosted?.breaker_after ?? '?'} stop the lane.`,
    );
  because.push(waiting(lane, now));
  return { paying, opens_at: opensAt, because };
}

function held({ changed_by, changed_at, reason }: LaneStanding): string {
  return (
    `${changed_by ?? 'Somebody'} holds it since ${changed_at.toISOString()}: ${reason ?? 'no reason given'}. ` +
    'It stays so until an operator resumes it.'
  );
}

function stopped({ reason, changed_at, probe_at }: LaneStanding): string {
  const [kind = '', ...words] = (reason ?? '').split(':');
  const trouble = TROUBLE[kind] ?? 'It is stopped';
  const next = probe_at === null ? '' : `, next at ${probe_at.toISOString()}`;
  return (
    `${trouble} since ${changed_at.toISOString()} (${words.join(':').trim() || kind}). Nobody failed. It is probed${next}, ` +
    'and opens by itself when the trouble is over.'
  );
}

function outside({ timeZone, days, hours, closed }: CallingWindow, opensAt: Date | null): string {
  const parts = [days?.join(' ') ?? 'every day', hours?.join(' and ') ?? 'all day', timeZone];
  const but = closed === undefined || closed.length === 0 ? '' : `, ${closed.length} closed dates`;
  const opens =
    opensAt === null ? 'It does not open within 400 days' : `It opens at ${opensAt.toISOString()}`;
  return `Outside its calling hours (${parts.join(', ')}${but}). ${opens}; what is not known yet is asked all the same.`;
}

function flow({ hosted, sending, queued }: LaneStanding): string[] {
  const { in_flight: most, per_second: pace } = hosted!;
  if (queued === 0) return ['Open; nothing waits.'];
  if (most !== null && sending >= most)
    return [
      `Open, and as full as it may be: ${sending} of ${most} are on their way; the next goes when one ends.`,
    ];
  return [
    `Paying, at most ${pace} a second; ${sending}${most === null ? '' : ` of ${most}`} are on their way.`,
  ];
}

function waiting({ queued, oldest_queued_at: oldest }: LaneStanding, now: Date): string {
  if (queued === 0 || oldest === null) return '0 wait.';
  const seconds = Math.max(0, Math.floor((now.getTime() - oldest.getTime()) / 1000));
  return `${queued} wait, the oldest for ${seconds} seconds.`;
}

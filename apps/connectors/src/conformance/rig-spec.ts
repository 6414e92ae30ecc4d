import type {
  Absent,
  CallContext,
  CodeDecision,
  InboundMessage,
  Instruction,
  Outcome,
  RailConnector,
  SubmitError,
} from '../connector.js';
import { LaneStopped, RailError, Throttled } from '../rail-error.js';

export interface ConformanceLane {
  connector: RailConnector;
  /** The rail's name for whom it speaks with; the rig's own switches use it. */
  account: string;
}

export interface LaneWish {
  /** Where the connector finds the rail; a proxy before it, or an address where nobody listens. */
  base?: string;
  /** Items of one submit, where the rail takes many. */
  maxItems?: number;
  /** Exactly this account, for a checker whose description begins below it. */
  account?: string;
}

/** A request that the rail's official checker must refuse. */
export interface PlantedRequest {
  title: string;
  path: string;
  headers: Record<string, string>;
  body: object;
}

/** What the kit needs to put a connector on trial: a stateful rail that makes every trouble on demand. */
export interface ConformanceRig {
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Address of the rail. */
  readonly base: string;
  lane(wish?: LaneWish): ConformanceLane;
  /** @param ending last seven digits of the payee's number: what docs/rail-simulator.md says of them. */
  instruction(ending?: string, change?: Partial<Instruction>): Instruction;
  /** Payments of this disbursement in the rail's journal. */
  paid(item: Instruction): Promise<number>;
  /** A request that moves money. */
  movesMoney(method: string, path: string): boolean;
  /** The next submit of this lane meets this word of the rail, or one that no table lists. */
  say(lane: ConformanceLane, word: string): Promise<void>;
  /** Body of the request for one instruction, made without a network. */
  encode(item: Instruction): string;
  /** The amount in such a body, in minor units; read without the connector's code. */
  amountOf(body: string, exponent: number): bigint;
  /** What the rail would tell about this rail id, with its signature where it has one. */
  inbound(railId: string): InboundMessage;
  /** The rail refuses our credentials `times` times (Infinity: for good; 0: no longer). */
  refuseCredentials(lane: ConformanceLane, times: number): Promise<void>;
  /** Texts that no error and no log may contain. */
  readonly secrets: readonly string[];
  /** Only for rails that answer later, by files: the rail works, its answers are fetched, and the item is asked for. */
  answered?(lane: ConformanceLane, item: Instruction): Promise<Answer>;
  /** Only for rails that take many at once: changes the rail's answer to a batch. */
  editBatch?(body: string, how: 'fewer' | 'more' | 'reordered'): string;
  /** The rail's published description, the part of the paths that is used, and what its checker must refuse. */
  readonly official: {
    spec: string;
    paths: string;
    account: string;
    upstreamPath: string;
    planted: PlantedRequest[];
  };
}

/** What the parts about words need: no network between connector and rail. */
export type WordRig = Pick<
  ConformanceRig,
  'lane' | 'instruction' | 'say' | 'encode' | 'amountOf' | 'answered'
>;

export const ctx: CallContext = { beforeSend: () => undefined, timeoutMs: 8_000 };

export type Answer = Outcome | SubmitError | { kind: 'thrown'; error: RailError };

/** One submit of one item: its outcome, or what was thrown. */
export async function submitOne({ connector }: ConformanceLane, item: Instruction): Promise<Answer> {
  try {
    const [result, ...more] = await connector.submit([item], ctx);
    if (result === undefined || more.length > 0) throw new Error('exactly one answer was expected');
    return result;
  } catch (error) {
    if (!(error instanceof RailError)) throw error;
    return { kind: 'thrown', error };
  }
}

/** What one submit of one item leads to, once the rail has answered. */
export async function decided(rig: WordRig, lane: ConformanceLane, item: Instruction): Promise<Answer> {
  const answer = await submitOne(lane, item);
  return rig.answered === undefined || answer.kind !== 'accepted' ? answer : rig.answered(lane, item);
}

/** In the words of the manifest. */
export function decisionOf(answer: Answer): CodeDecision {
  switch (answer.kind) {
    case 'rejected':
      return answer.retryable ? 'retryable' : 'permanent';
    case 'thrown':
    case 'error':
      if (answer.error instanceof Throttled) return 'throttled';
      return answer.error instanceof LaneStopped ? answer.error.kind : 'unknown';
    default:
      return answer.kind;
  }
}

export async function queryOne({ connector }: ConformanceLane, item: Instruction): Promise<Outcome | Absent> {
  const [found] = await connector.query([{ railId: item.railId }], ctx);
  if (found === undefined) throw new Error('one answer was expected');
  return found;
}

export async function untilKind(lane: ConformanceLane, item: Instruction, kind: string): Promise<void> {
  for (let tries = 0; tries < 200; tries += 1) {
    if ((await queryOne(lane, item)).kind === kind) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`never ${kind}`);
}

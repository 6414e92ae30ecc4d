import { Injectable } from '@nestjs/common';
import { ApiError } from '../api-error.js';
import type { Standing } from '../outcome/decision.js';
import { OutcomeService } from '../outcome/outcome.service.js';
import { isFinal } from '../outcome/states.js';
import { ReleasePublisher } from './release.publisher.js';

/** An operator's decision about one disbursement. */
export interface Decision {
  disbursementId: string;
  operatorId: string;
  reason: string;
}

/** What operators may do to a disbursement that no rail has seen. The state itself is moved by the outcome step. */
@Injectable()
export class HoldService {
  constructor(
    private readonly outcomes: OutcomeService,
    private readonly publisher: ReleasePublisher,
  ) {}

  /**
   * Lets a disbursement that is on hold go on to its lane.
   * @throws ApiError err.request.not_found, or err.request.too_late where it is not on hold (any more).
   */
  async release(decision: Decision): Promise<string> {
    const { done, standing } = await this.act('release', decision);
    if (!done)
      throw new ApiError('err.request.too_late', `Nothing to release: ${article(standing)}, not on hold.`);
    this.publisher.wake();
    return standing.state;
  }

  /**
   * Ends a disbursement unpaid, for ever: on hold, or received and not yet sent to a rail.
   * @throws ApiError err.request.not_found, or err.request.too_late where money may have moved (rule C).
   */
  async cancel(decision: Decision): Promise<string> {
    const { done, standing } = await this.act('cancel', decision);
    if (!done) throw new ApiError('err.request.too_late', `Too late to cancel: ${article(standing)}.`);
    return standing.state;
  }

  private async act(
    kind: 'release' | 'cancel',
    { disbursementId, operatorId, reason }: Decision,
  ): Promise<{ done: boolean; standing: Standing }> {
    const acted = await this.outcomes.act({
      kind,
      disbursementId,
      attemptNo: 1,
      operator: { id: operatorId, reason },
      record: {},
    });
    if (acted === undefined) throw new ApiError('err.request.not_found', 'There is no such disbursement.');
    return acted;
  }
}

function article({ state, attempt }: Standing): string {
  if (isFinal(state)) return `the disbursement is ${state} already`;
  if (attempt !== undefined) return `attempt 1 is ${attempt.state} on lane ${attempt.lane}`;
  return `the disbursement is ${state}`;
}

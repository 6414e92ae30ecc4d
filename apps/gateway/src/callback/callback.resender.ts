import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { ApiError } from '../api-error.js';
import type { CallbackDto, ResentDto } from './callback.dto.js';
import { readCallbacks, resendCallbacks, type Resend } from './callback.reader.js';
import { CallbackSender } from './callback.sender.js';

/** Sends callbacks again on an operator's word. */
@Injectable()
export class CallbackResender {
  constructor(
    private readonly dataSource: DataSource,
    private readonly sender: CallbackSender,
  ) {}

  /**
   * @returns how many are due now; for a sender without failed callbacks that is none.
   * @throws ApiError err.request.not_found, or err.request.too_late where the callback named cannot be sent again now.
   */
  async resend(resend: Resend): Promise<ResentDto> {
    const resent = await resendCallbacks(this.dataSource, resend);
    if (resent === 0 && 'callbackId' in resend.which) await this.explain(resend.which.callbackId);
    this.sender.wake();
    return { resent, resent_by: resend.operatorId };
  }

  private async explain(callbackId: string): Promise<never> {
    const [found] = await readCallbacks(this.dataSource, { callbackId, limit: 1 });
    if (found === undefined) throw new ApiError('err.request.not_found', 'There is no such callback.');
    throw new ApiError('err.request.too_late', `Nothing to send again: ${standing(found.callback)}.`);
  }
}

function standing({ state, delivered_at }: CallbackDto): string {
  if (state === 'delivered')
    return `the receiver took the callback at ${delivered_at ?? ''}, and what it said is not kept; ask for the status`;
  if (state === 'waiting') return 'an earlier callback of its batch goes first';
  return 'the callback is on its way at this moment';
}

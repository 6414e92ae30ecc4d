import { Controller } from '@nestjs/common';
import { DeadLetters, OnTopic, TOPICS, type InRecord } from '@gpo/messaging';
import { StoredMark } from '../dispatch/stored-mark.js';
import { DirectRequestService } from './direct-request.service.js';

/** Reads g2p.request for requests of direct producers. What dispatch wrote carries its mark and is passed over. */
@Controller()
export class DirectRequestConsumer {
  constructor(
    private readonly requests: DirectRequestService,
    private readonly deadLetters: DeadLetters,
    private readonly mark: StoredMark,
  ) {}

  @OnTopic(TOPICS.request)
  async request(batch: InRecord[]): Promise<void> {
    const foreign = batch.filter((record) => !this.mark.isOn(record));
    if (foreign.length === 0) return;
    await this.deadLetters.send(await this.requests.register(foreign));
  }
}

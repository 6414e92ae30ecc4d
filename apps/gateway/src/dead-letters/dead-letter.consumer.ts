import { Controller, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { OnTopic, TOPICS, type InRecord } from '@gpo/messaging';
import { GatewayMetrics } from '../health/gateway.metrics.js';
import { readLetter } from './dead-letter.reader.js';
import { storeLetters } from './dead-letter.repository.js';

/**
 * Keeps every dead letter as a row, so that what an operator decides about it is remembered. The topic stays the bus:
 * whoever cannot handle a record needs no database, and whoever watches needs no access to ours.
 */
@Controller()
export class DeadLetterConsumer {
  private readonly log = new Logger('dead-letter');

  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: GatewayMetrics,
  ) {}

  @OnTopic(TOPICS.deadLetter)
  async letters(batch: InRecord[]): Promise<void> {
    for (const { reason, count } of await storeLetters(this.dataSource, batch.map(readLetter))) {
      this.metrics.deadLetters(reason, count);
      this.metrics.alarm('dead_letter');
      this.log.warn(`${count} new dead letters, ${reason}: see npm run gpo -- dead-letters list`);
    }
  }
}

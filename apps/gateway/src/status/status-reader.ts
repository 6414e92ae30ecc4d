import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ReadPool } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';

/** The record, for whoever asks: the batch status API, and G2P Connect search and txn/status. */
@Injectable()
export class StatusReader extends ReadPool implements OnApplicationShutdown {
  constructor(config: GatewayConfig) {
    super(config.databaseUrl, config.statusPool);
  }

  onApplicationShutdown(): Promise<void> {
    return this.close();
  }
}

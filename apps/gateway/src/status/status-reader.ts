import { ReadPool } from '@gpo/persistence';

/**
 * The record, for whoever asks: the batch status API, and G2P Connect search and txn/status. Who opens it closes it when nobody asks any
 * more, answers in callbacks included.
 */
export class StatusReader extends ReadPool {}

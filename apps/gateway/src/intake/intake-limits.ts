import type { GatewayConfig } from '../gateway.config.js';
import type { IntakeLimits, Sender } from '../senders/sender.js';

/** The sizes that count for this caller: the configuration's, and a sender's own over them. */
export function limitsOf(sender: Sender | undefined, config: GatewayConfig): IntakeLimits {
  return {
    body_bytes: config.bodyBytesMax,
    lines: config.linesMax,
    file_bytes: config.fileBytesMax,
    file_rows: config.fileRowsMax,
    ...sender?.limits,
  };
}

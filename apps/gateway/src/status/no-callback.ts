import { randomUUID } from 'node:crypto';

/** The acknowledgement of a valid question that no callback will answer, with the path that answers it at once. */
export function noCallbackFollows(syncPath: string): Record<string, unknown> {
  return {
    message: {
      ack_status: 'NACK',
      timestamp: new Date().toISOString(),
      correlation_id: randomUUID(),
      error: {
        code: 'err.service.unavailable',
        message: `No callback will follow. Post the same message to ${syncPath}.`,
      },
    },
  };
}

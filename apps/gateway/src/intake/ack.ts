/** ACK: taken, and a callback will follow (G2P Connect 1.2). */
export function ack(correlationId: string): Record<string, unknown> {
  return { message: acknowledgement('ACK', correlationId) };
}

/** NACK: the message is valid, and no callback will follow. */
export function nack(
  correlationId: string,
  error: { code: string; message: string },
): Record<string, unknown> {
  return { message: { ...acknowledgement('NACK', correlationId), error } };
}

function acknowledgement(status: 'ACK' | 'NACK', correlationId: string): Record<string, unknown> {
  return { ack_status: status, timestamp: new Date().toISOString(), correlation_id: correlationId };
}

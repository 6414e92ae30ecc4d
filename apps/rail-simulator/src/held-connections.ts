import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';

/** Connections that are never answered: they stay open until the client gives up or the process ends. */
export class HeldConnections {
  private readonly sockets = new Set<Socket>();

  hold(reply: FastifyReply): void {
    reply.hijack();
    const { socket } = reply.raw;
    if (socket === null) return;
    this.sockets.add(socket);
    socket.once('close', () => this.sockets.delete(socket));
  }

  drop(reply: FastifyReply): void {
    reply.hijack();
    reply.raw.destroy();
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

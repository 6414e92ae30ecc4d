import { Injectable, createParamDecorator, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from '../api-error.js';
import { refuse } from '../api-refusal.js';
import type { Scope } from './access-tokens.js';
import type { Principal, Sender } from './sender.js';
import type { SenderRegistry } from './sender-registry.js';

const PRINCIPALS = new WeakMap<FastifyRequest, Principal>();
const PROTECTED = /^\/(disburse|bridge\/|api\/)/;

/** Refuses a caller without credentials before its body is read. */
export function requireCredentials(fastify: FastifyInstance, registry: SenderRegistry): void {
  fastify.addHook('onRequest', async (request, reply) => {
    if (!PROTECTED.test(request.url)) return;
    const principal = await registry.authenticate(request.headers);
    if (principal === undefined) {
      return refuse(
        reply,
        new ApiError(
          'err.request.unauthorized',
          'No valid credentials: use Basic, X-API-Key or a bearer token.',
        ),
      );
    }
    const lacking = lackingScope(principal, request);
    if (lacking !== undefined)
      return refuse(
        reply,
        new ApiError('err.request.forbidden', `The access token needs the scope ${lacking}.`),
      );
    PRINCIPALS.set(request, principal);
  });
}

const QUESTION = /\/(search|txn\/status|get_disbursement_(?:status|envelope_status|batch_control))$/;

/** The scope that this request needs and the caller's access token has not (D21). */
function lackingScope(principal: Principal, { method, url }: FastifyRequest): Scope | undefined {
  if (principal.kind !== 'sender' || principal.scopes === undefined) return undefined;
  const isQuestion = method === 'GET' || method === 'HEAD' || QUESTION.test(url.split('?', 1)[0]!);
  const needed: Scope = isQuestion ? 'disburse.status' : 'disburse.disburse';
  return principal.scopes.has(needed) ? undefined : needed;
}

/** The sender whose request this is, as soon as its head has come; undefined where the caller is none. */
export function senderOf(request: FastifyRequest): Sender | undefined {
  const principal = PRINCIPALS.get(request);
  return principal?.kind === 'sender' ? principal.sender : undefined;
}

/** The caller of this request. */
export const CurrentPrincipal = createParamDecorator((_: unknown, context: ExecutionContext): Principal => {
  const principal = PRINCIPALS.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal === undefined) throw new ApiError('err.request.unauthorized', 'No valid credentials.');
  return principal;
});

/** The calling sender. */
export const CurrentSender = createParamDecorator((_: unknown, context: ExecutionContext): Sender => {
  const principal = PRINCIPALS.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal?.kind !== 'sender') throw new ApiError('err.request.forbidden', 'Only a sender may do this.');
  return principal.sender;
});

/** Only operators may call: what they decide stands in the history under their name. */
@Injectable()
export class OperatorGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    operatorOf(context);
    return true;
  }
}

/** The calling operator's name. */
export const CurrentOperator = createParamDecorator((_: unknown, context: ExecutionContext): string =>
  operatorOf(context),
);

function operatorOf(context: ExecutionContext): string {
  const principal = PRINCIPALS.get(context.switchToHttp().getRequest<FastifyRequest>());
  if (principal?.kind !== 'operator')
    throw new ApiError('err.request.forbidden', "Only an operator may do this: use an operator's token.");
  return principal.id;
}

/** Only senders may call; an auditor reads and writes nothing. */
@Injectable()
export class SenderGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const principal = PRINCIPALS.get(context.switchToHttp().getRequest<FastifyRequest>());
    if (principal?.kind !== 'sender')
      throw new ApiError('err.request.forbidden', 'Only a sender may do this.');
    return true;
  }
}

import { createHash, timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { GatewayConfig } from '../gateway.config.js';
import { RegistryError } from './registry-error.js';

/** Asks for SCHEMA_REGISTRY_CREDENTIALS where they are set, and lets everybody read where they are not. */
@Injectable()
export class RegistryGuard implements CanActivate {
  constructor(private readonly config: GatewayConfig) {}

  canActivate(context: ExecutionContext): boolean {
    const wanted = this.config.schemaRegistryCredentials;
    if (wanted === '') return true;
    const { authorization } = context.switchToHttp().getRequest<FastifyRequest>().headers;
    const [, encoded] = /^basic +([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '') ?? [];
    const given = Buffer.from(encoded ?? '', 'base64').toString('utf8');
    if (!timingSafeEqual(digest(given), digest(wanted))) throw RegistryError.unauthorized();
    return true;
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

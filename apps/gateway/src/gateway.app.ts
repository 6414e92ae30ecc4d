import type { IncomingMessage } from 'node:http';
import multipart from '@fastify/multipart';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import { refuseWrongMethods } from './allowed-methods.js';
import { refuseNoHttp, refuseUnroutable } from './api-refusal.js';
import { GatewayModule, type GatewayParts } from './gateway.module.js';
import { bridgePath } from './bridge/bridge.prefix.js';
import { interfacePath } from './intake/interface-prefix.js';
import { limitsOf } from './intake/intake-limits.js';
import { acceptBodies } from './intake/request-body.js';
import { MAPPER_ANSWER_BYTES_MAX, ON_RESOLVE_PATH } from './mapper/mapper.form.js';
import { describe } from './openapi/describe.js';
import { requireReadableAddress } from './readable-address.js';
import { answerUnchanged } from './status/etag.js';
import { requireCredentials, senderOf } from './senders/authentication.js';
import { requireSignatures } from './senders/signed-messages.js';

/** The HTTP side of the gateway, without listening yet. Bodies reach controllers as raw bytes: amounts never become floats. */
export async function createGateway(parts: GatewayParts): Promise<NestFastifyApplication> {
  const adapter = new FastifyAdapter({
    forceCloseConnections: true,
    bodyLimit: parts.config.bodyBytesMax,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: (error: FastifyError, _request: FastifyRequest, reply: FastifyReply) =>
      refuseUnroutable(error, reply),
    clientErrorHandler: refuseNoHttp,
    rewriteUrl: ({ url = '/' }: IncomingMessage) =>
      bridgePath(url, parts.config.bridgePrefix) ?? interfacePath(url, parts.config.interfacePrefix),
  });
  const fastify = adapter.getInstance();
  requireReadableAddress(fastify);
  refuseWrongMethods(fastify);
  requireCredentials(fastify, parts.senders);
  requireSignatures(fastify, parts.senders);
  acceptBodies(fastify, (request) => {
    const limits = limitsOf(senderOf(request), parts.config);
    // Nobody has proved anything there before the body is read.
    return ON_RESOLVE_PATH.test(request.url) ? { ...limits, body_bytes: MAPPER_ANSWER_BYTES_MAX } : limits;
  });
  answerUnchanged(fastify);
  await fastify.register(multipart);
  return NestFactory.create<NestFastifyApplication>(GatewayModule.with(parts), adapter, {
    bodyParser: false,
  });
}

/** Serves the API documentation at /docs. */
export function serveDocs(app: NestFastifyApplication): void {
  SwaggerModule.setup('docs', app, () => openApi(app), { jsonDocumentUrl: 'docs/openapi.json' });
}

/** The OpenAPI description that openapi/gateway.json holds. */
export function openApi(app: NestFastifyApplication): OpenAPIObject {
  const config = new DocumentBuilder()
    .setTitle('G2P Payments Orchestrator')
    .setDescription('G2P Connect disburse for G2P systems, and the batch status API for auditors.')
    .setVersion('1.0.0')
    .setLicense('MPL-2.0', 'https://www.mozilla.org/MPL/2.0/')
    .addBasicAuth({ type: 'http', scheme: 'basic' }, 'basic')
    .addApiKey({ type: 'apiKey', in: 'header', name: 'X-API-Key' }, 'api-key')
    .addBearerAuth()
    .build();
  return describe(SwaggerModule.createDocument(app, config));
}

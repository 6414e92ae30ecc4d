import { Catch, Logger, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

export const REGISTRY_TYPE = 'application/vnd.schemaregistry.v1+json';

/** Bytes, because Fastify adds a charset to the content type of a text, and a Confluent registry sends none. */
export function registryBody(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** A refusal as clients of a Confluent schema registry read it: HTTP status and a numeric error_code. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';

  constructor(
    readonly status: number,
    readonly errorCode: number,
    message: string,
  ) {
    super(message);
  }

  static noSubject(subject: string): RegistryError {
    return new RegistryError(404, 40401, `Subject '${subject}' not found.`);
  }

  static noVersion(version: string): RegistryError {
    return new RegistryError(404, 40402, `Version ${version} not found.`);
  }

  static noSchema(id: string): RegistryError {
    return new RegistryError(404, 40403, `Schema ${id} not found.`);
  }

  static badVersion(): RegistryError {
    return new RegistryError(
      422,
      42202,
      'The version must be a whole number from 1 to 2147483647, or latest.',
    );
  }

  static unauthorized(): RegistryError {
    return new RegistryError(401, 40101, 'Unauthorized: this schema registry asks for user and password.');
  }
}

/** Every failure of the registry in the registry's own shape; the inner detail stays in the log. */
@Catch()
export class RegistryErrorFilter implements ExceptionFilter {
  private readonly log = new Logger('schema-registry');

  catch(error: unknown, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const refusal = error instanceof RegistryError ? error : this.unavailable(error);
    if (refusal.status === 401) void reply.header('WWW-Authenticate', 'Basic realm="gpo schema registry"');
    void reply
      .status(refusal.status)
      .header('Content-Type', REGISTRY_TYPE)
      .send(registryBody({ error_code: refusal.errorCode, message: refusal.message }));
  }

  private unavailable(error: unknown): RegistryError {
    this.log.warn(`answered 500: ${String(error)}`);
    return new RegistryError(500, 50001, 'The schemas cannot be read now; ask again.');
  }
}

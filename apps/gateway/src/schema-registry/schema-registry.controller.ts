import { Controller, Get, Header, Param, Query, UseFilters, UseGuards } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { REGISTRY_TYPE, RegistryError, RegistryErrorFilter, registryBody } from './registry-error.js';
import { RegistryGuard } from './registry.guard.js';
import { SchemaRegistry } from './schema-registry.js';

/**
 * The part of the Confluent schema registry's API that Nussknacker reads: nothing can be written, nothing is ever
 * deleted. It is not in openapi/: its description is the registry's own, not ours.
 */
@Controller()
@ApiExcludeController()
@UseGuards(RegistryGuard)
@UseFilters(RegistryErrorFilter)
export class SchemaRegistryController {
  constructor(private readonly registry: SchemaRegistry) {}

  @Get('subjects')
  @Header('Content-Type', REGISTRY_TYPE)
  async subjects(): Promise<Buffer> {
    return registryBody(await this.registry.subjects());
  }

  /** `deleted=true` adds nothing, `deletedOnly=true` finds nothing: no version is ever deleted. */
  @Get('subjects/:subject/versions')
  @Header('Content-Type', REGISTRY_TYPE)
  async versions(
    @Param('subject') subject: string,
    @Query('deletedOnly') deletedOnly: string | undefined,
  ): Promise<Buffer> {
    if (deletedOnly === 'true') throw RegistryError.noSubject(subject);
    return registryBody(await this.registry.versions(subject));
  }

  @Get('subjects/:subject/versions/:version')
  @Header('Content-Type', REGISTRY_TYPE)
  async version(@Param('subject') subject: string, @Param('version') wanted: string): Promise<Buffer> {
    const { version, schema_id, schema } = await this.registry.version(subject, wanted);
    return registryBody({
      subject,
      version,
      id: schema_id,
      schemaType: 'JSON',
      references: [],
      schema,
    });
  }

  @Get('schemas/ids/:id')
  @Header('Content-Type', REGISTRY_TYPE)
  async schema(@Param('id') id: string): Promise<Buffer> {
    const { schema } = await this.registry.schema(id);
    return registryBody({ schemaType: 'JSON', references: [], schema });
  }
}

import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { topicSchemas } from '@gpo/g2p-connect-schemas';
import { physicalName } from '@gpo/messaging';
import { inTransaction } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { RegistryError } from './registry-error.js';
import {
  readById,
  readSubjects,
  readVersion,
  readVersions,
  registerSchemas,
  type StoredSchema,
} from './schema.repository.js';

const VERSION_MAX = 2_147_483_647;

/**
 * The JSON Schemas of the topics, with versions and ids that stay the same over restarts and for every gateway: they
 * are kept in PostgreSQL and only ever added. The newest version of a subject is what the gateway that started last
 * brought with it, so going back to an older release goes back to its schemas, under a new version and a new id.
 */
@Injectable()
export class SchemaRegistry implements OnModuleInit {
  private readonly log = new Logger('schema-registry');

  constructor(
    private readonly dataSource: DataSource,
    private readonly config: GatewayConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    const textOf = new Map(
      Object.entries(topicSchemas()).map(([topic, schema]) => [
        `${physicalName(this.config.kafka.topicPrefix, topic)}-value`,
        JSON.stringify(schema),
      ]),
    );
    const added = await inTransaction(this.dataSource, (sql) => registerSchemas(sql, textOf));
    for (const { subject, version, schema_id } of added)
      this.log.log(`${subject}: version ${version}, id ${schema_id}`);
  }

  subjects(): Promise<string[]> {
    return readSubjects(this.dataSource);
  }

  /** @throws RegistryError 40401. */
  async versions(subject: string): Promise<number[]> {
    const versions = await readVersions(this.dataSource, subject);
    if (versions.length === 0) throw RegistryError.noSubject(subject);
    return versions;
  }

  /** @param version a number, `latest` or `-1`. @throws RegistryError 40401, 40402, 42202. */
  async version(subject: string, version: string): Promise<StoredSchema> {
    const newest = version === 'latest' || version === '-1';
    const number = newest ? undefined : Number(version);
    if (number !== undefined && !(Number.isInteger(number) && number >= 1 && number <= VERSION_MAX))
      throw RegistryError.badVersion();
    const found = await readVersion(this.dataSource, subject, number);
    if (found !== undefined) return found;
    await this.versions(subject);
    throw RegistryError.noVersion(version);
  }

  /** @throws RegistryError 40403. */
  async schema(id: string): Promise<StoredSchema> {
    const number = /^\d{1,10}$/.test(id) ? Number(id) : 0;
    const found = number > VERSION_MAX ? undefined : await readById(this.dataSource, number);
    if (found === undefined) throw RegistryError.noSchema(id);
    return found;
  }
}

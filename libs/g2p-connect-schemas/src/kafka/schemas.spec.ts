import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from './schemas.js';

const file = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'nussknacker/schemas.json');
const withShared = existsSync(file) ? describe : describe.skip;

withShared('JSON Schemas of the topics (skipped without the shared folder)', () => {
  it('mean what the schemas mean that a real Nussknacker ran with, topic by topic', () => {
    const known = JSON.parse(readFileSync(file, 'utf8')) as Record<
      string,
      { schema: { properties: Record<string, object> } }
    >;
    const ours = topicSchemas();
    expect(Object.keys(known).length).toBeGreaterThanOrEqual(8);
    for (const [subject, { schema }] of Object.entries(known)) {
      const { title, ...meaning } = ours[subject.replace(/-value$/, '')]!;
      expect(title).not.toBe('');
      expect(meaning).toMatchObject({ type: 'object', properties: schema.properties });
    }
  });
});

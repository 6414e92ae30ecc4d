import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { topicSchemas } from '@gpo/g2p-connect-schemas';

const page = readFileSync('docs/kafka.md', 'utf8');

describe('docs/kafka.md', () => {
  it('names every field of a request and of its results', () => {
    const fields = Object.values(topicSchemas()).flatMap(({ properties }) => Object.keys(properties));
    expect([...new Set(fields)].filter((field) => !page.includes(`\`${field}\``))).toEqual([]);
  });

  it('names every topic that has a schema, and links to it', () => {
    const topics = Object.keys(topicSchemas());
    expect(topics.filter((topic) => !page.includes(`schemas/${topic}-value.json`))).toEqual([]);
  });
});

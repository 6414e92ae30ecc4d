import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const list = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'kafka-jars.txt');
const withShared = existsSync(list) ? describe : describe.skip;

/** `group:artifact:version  bytes  sha256` */
function parse(text: string): { group: string; artifact: string; version: string; sha256: string }[] {
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [name, , sha256] = line.split(/\s+/);
      const [group, artifact, version] = name!.split(':');
      return { group: group!, artifact: artifact!, version: version!, sha256: sha256! };
    });
}

withShared('the jars of the local Kafka (skipped without the shared folder)', () => {
  const jars = existsSync(list) ? parse(readFileSync(list, 'utf8')) : [];

  it('are exactly those that were tried, by SHA-256', () => {
    const ours = readFileSync('tools/stack/kafka/jars.sha256', 'utf8').trim().split('\n');
    const known = jars.map(({ artifact, version, sha256 }) => `${sha256}  ${artifact}-${version}.jar`);
    expect(ours.toSorted()).toEqual(known.toSorted());
  });

  it('are named one by one, with their exact versions, in the pom', () => {
    const pom = readFileSync('tools/stack/kafka/pom.xml', 'utf8');
    const named = [
      ...pom.matchAll(/<groupId>(.+?)<\/groupId><artifactId>(.+?)<\/artifactId><version>(.+?)</g),
    ];
    expect(
      named.map(([, group, artifact, version]) => `${group!}:${artifact!}:${version!}`).toSorted(),
    ).toEqual(jars.map(({ group, artifact, version }) => `${group}:${artifact}:${version}`).toSorted());
  });
});

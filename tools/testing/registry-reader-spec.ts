const TYPE = 'application/vnd.schemaregistry.v1+json';

/** Ids seen so far: like Nussknacker, this reader believes that an id stands for one text for ever. */
const textOfId = new Map<string, string>();

interface Version {
  subject: string;
  version: number;
  id: number;
  schemaType: string;
  references: unknown[];
  schema: string;
}

/** Reads a subject in the calls that Nussknacker makes. @returns what is wrong, or undefined. */
export async function subjectProblem(registryUrl: string, subject: string): Promise<string | undefined> {
  const subjects = (await get(registryUrl, '/subjects')) as string[];
  if (!subjects.includes(subject)) return `Schema subject ${subject} doesn't exist`;
  const path = `/subjects/${encodeURIComponent(subject)}/versions`;
  const versions = (await get(registryUrl, `${path}?deleted=false&deletedOnly=false`)) as number[];
  const latest = (await get(registryUrl, `${path}/latest`)) as Version;
  if (latest.version !== Math.max(...versions) || latest.schemaType !== 'JSON' || latest.subject !== subject)
    return `the latest version of ${subject} is not the newest JSON schema`;
  const byId = (await get(registryUrl, `/schemas/ids/${latest.id}`)) as { schema: string };
  const cached = `${registryUrl} ${latest.id}`;
  const known = textOfId.get(cached) ?? byId.schema;
  textOfId.set(cached, known);
  if (known !== latest.schema) return `id ${latest.id} stands for another schema than before`;
  JSON.parse(latest.schema);
  return undefined;
}

async function get(registryUrl: string, path: string): Promise<unknown> {
  const answer = await fetch(`${registryUrl}${path}`, { headers: { Accept: `${TYPE}, application/json` } });
  if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}`);
  if (answer.headers.get('content-type') !== TYPE) throw new Error(`${path} has another content type`);
  return answer.json();
}

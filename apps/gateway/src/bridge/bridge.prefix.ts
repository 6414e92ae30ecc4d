/** Where the Bridge API is found: under the prefix of the configuration. @returns undefined for every other address. */
export function bridgePath(url: string, prefix: string): string | undefined {
  return prefix !== '' && url.startsWith(`${prefix}/`) ? `/bridge${url.slice(prefix.length)}` : undefined;
}

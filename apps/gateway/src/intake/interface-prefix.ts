/**
 * Where interface A is found (D29): at `/`, at `/{tenant}/v1.0.0` as the specification prints its server, and at the
 * prefix of the configuration. The tenant is free text: who is calling is told by the credential alone.
 */
export function interfacePath(url: string, prefix: string): string {
  if (prefix !== '' && url.startsWith(`${prefix}/`) && DISBURSE.test(url.slice(prefix.length)))
    return url.slice(prefix.length);
  return url.replace(TENANT, '');
}

const DISBURSE = /^\/disburse(?:[/?]|$)/;
const TENANT = /^\/[^/?]+\/v1\.0\.0(?=\/disburse(?:[/?]|$))/;

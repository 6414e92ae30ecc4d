import { describeCallbacks } from './callbacks.js';
import { isInterfaceA, type OpenAPIObject } from './document.js';
import { describeExamples } from './examples.js';
import { describeFileForm } from './file-form.js';
import { describeRefusals } from './refusals.js';
import { SERVERS } from './standard-surface.js';

/**
 * Completes what the controllers say of themselves: exact refusals, callbacks, examples, addresses. All of it follows
 * from the path, so that a new endpoint is described whole without repeating anything.
 */
export function describe(document: OpenAPIObject): OpenAPIObject {
  document.openapi = '3.0.3';
  document.servers = [SERVERS[0]!];
  for (const [path, item] of Object.entries(document.paths)) if (isInterfaceA(path)) item.servers = SERVERS;
  describeFormats(document);
  describeRefusals(document);
  describeCallbacks(document);
  describeExamples(document);
  describeFileForm(document);
  return document;
}

interface Property {
  type?: string;
  format?: string;
}

/** No number of this API has a fraction, because money is text; and every name that ends with `_at` is a time. */
function describeFormats({ components }: OpenAPIObject): void {
  for (const schema of Object.values(components?.schemas ?? {})) {
    const { properties = {} } = schema as { properties?: Record<string, Property> };
    for (const [name, property] of Object.entries(properties)) {
      if (property.type === 'number') property.type = 'integer';
      if (property.type === 'string' && name.endsWith('_at')) property.format = 'date-time';
    }
  }
}

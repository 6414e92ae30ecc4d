import { operationsOf, schemaRef, type OpenAPIObject } from './document.js';
import { filledForm } from './example-messages.js';

/** Beside JSON, /disburse takes a form with a file (docs/files.md). */
export function describeFileForm(document: OpenAPIObject): void {
  const disburse = operationsOf(document).find(({ path }) => path === '/disburse');
  const body = disburse?.operation.requestBody;
  if (body === undefined || !('content' in body)) return;
  body.content['multipart/form-data'] = {
    schema: schemaRef('FileInfoDto'),
    encoding: { fileName: { contentType: 'text/csv, application/json' } },
    examples: { csv: { summary: 'A CSV file of two rows.', value: filledForm } },
  };
}

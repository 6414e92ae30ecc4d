import { readMt940 as readStatements } from '@gpo/statements';
import { entryWords, type AnswerFile } from './iso20022.status.js';

export { looksLikeMt940 } from '@gpo/statements';

/** @throws UnreadableFile */
export function readMt940(bytes: Uint8Array): AnswerFile {
  return { kind: 'mt940', words: entryWords(readStatements(bytes)) };
}

import { bankFilesContract } from './bank-files.contract-spec.js';
import { MemoryBankFiles } from './memory-bank-files-spec.js';

bankFilesContract('memory', () => Promise.resolve(new MemoryBankFiles()));

import { randomUUID } from 'node:crypto';
import type { StoredBatches } from './status-rows.js';

const PAGE = 100;

/** What is asked, how often, and how long the 99th of a hundred answers may take. */
export interface Question {
  what: string;
  perSecond: number;
  boundMs: number;
  path: (stored: StoredBatches) => string;
  body?: (stored: StoredBatches) => unknown;
}

const any = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)]!;
const after = (lines: number): number => Math.floor(Math.random() * Math.max(lines - PAGE, 1));

/** What HTTP, this machine and whoever asks cost by themselves: no question can be answered faster. */
export const FLOOR: Question = {
  what: 'floor, /health/live',
  perSecond: 500,
  boundMs: 5,
  path: () => '/health/live',
};

export const QUESTIONS: readonly Question[] = [
  {
    what: 'one batch',
    perSecond: 500,
    boundMs: 5,
    path: ({ batches }) => `/api/v1/batches/${any(batches).id}`,
  },
  {
    what: 'batch by name',
    perSecond: 500,
    boundMs: 5,
    path: ({ batches }) => `/api/v1/batches?transaction_id=${any(batches).transaction}`,
  },
  pageOfLines('page of lines', ''),
  {
    what: 'last page of a million',
    perSecond: 100,
    boundMs: 10,
    path: ({ batches: [first] }) => `/api/v1/batches/${first!.id}/disbursements?after=${first!.lines - PAGE}`,
  },
  pageOfLines('page of failed lines', '&state=failed'),
  pageOfLines('page by reason', '&reason=AC04'),
  pageOfLines('page of one lane', '&lane=core-banking'),
  pageOfLines('page as of a time', '&as_of=2026-06-01T00:00:00Z'),
  pageOfLines('page as of a time before its lines changed', '&as_of=2026-01-01T23:00:00Z'),
  { what: 'page of batches', perSecond: 20, boundMs: 10, path: () => '/api/v1/batches?sender_id=openg2p' },
  {
    what: 'search by payee',
    perSecond: 100,
    boundMs: 5,
    path: () => '/disburse/search',
    body: ({ disbursements }) => {
      const criterion = {
        reference_id: 'c-1',
        request_type: 'disburse',
        attribute_type: 'payee_fa',
        attribute_value: `phone:+2547${String(1 + Math.floor(Math.random() * disbursements)).padStart(8, '0')}@mpesa`,
      };
      const header = { message_id: randomUUID(), message_ts: new Date().toISOString(), action: 'search' };
      return { header, message: { transaction_id: 'bench', search_criteria: [criterion] } };
    },
  },
];

/** A page of any batch from anywhere in it. */
function pageOfLines(what: string, filter: string): Question {
  const path = ({ batches }: StoredBatches): string => {
    const { id, lines } = any(batches);
    return `/api/v1/batches/${id}/disbursements?after=${after(lines)}${filter}`;
  };
  return { what, perSecond: 100, boundMs: 10, path };
}

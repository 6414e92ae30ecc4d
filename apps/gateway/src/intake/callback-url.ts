import { ApiError } from '../api-error.js';
import type { Sender } from '../senders/sender.js';

/** The callbacks of interface A, as the last words of their path. */
export type CallbackVerb = 'on-disburse' | 'on-search' | 'on-status';

/** Appended to an address that does not end with its verb. */
const APPENDED: Readonly<Record<CallbackVerb, string>> = {
  'on-disburse': '/on-disburse',
  'on-search': '/on-search',
  'on-status': '/txn/on-status',
};

/** What a header's sender_uri comes to. `refused`: it was a real address, but not one that may be called. */
export interface CallbackTarget {
  /** null where nobody is to be called. */
  url: string | null;
  refused: boolean;
}

/**
 * Where a callback goes (interface A, D6, D9, D15): the sender's own address for this verb if it has one, else the
 * message's sender_uri if it is a real URL on an allowed host, else the sender's registered URL. A path that ends with
 * the verb is used exactly (`/on-disburse` and `/disburse/on-disburse` alike); to any other the verb is appended.
 */
export function callbackTarget(
  sender: Sender,
  senderUri: unknown,
  verb: CallbackVerb,
  allowPrivate: boolean,
): CallbackTarget {
  const fromMessage = readSenderUri(sender, senderUri, allowPrivate);
  const refused = fromMessage === 'refused';
  const own = sender.callback_urls?.[verb];
  if (own !== undefined) return { url: own, refused };
  const named = fromMessage === 'refused' ? null : fromMessage;
  const url = named ?? registeredFor(sender, verb);
  return { url: url === null ? null : withVerb(url, verb), refused };
}

/** @throws ApiError err.sender_uri.invalid where a strict sender named an address that may not be called. */
export function checkTarget({ refused }: CallbackTarget, badSenderUri: 'reject' | 'warn'): void {
  if (refused && badSenderUri === 'reject') {
    throw new ApiError(
      'err.sender_uri.invalid',
      'The header sender_uri must be an https URL on one of your registered hosts, without user and password.',
    );
  }
}

function withVerb(url: URL, verb: CallbackVerb): string {
  const path = url.pathname.replace(/\/+$/, '');
  if (!path.endsWith(`/${verb}`)) url.pathname = `${path}${APPENDED[verb]}`;
  return url.href;
}

/**
 * One registered address serves all callbacks: where it ends with the verb of another, as `/on-disburse`, that verb
 * gives way.
 */
function registeredFor(sender: Sender, verb: CallbackVerb): URL | null {
  if (sender.callback_url === undefined) return null;
  const url = new URL(sender.callback_url);
  const path = url.pathname.replace(/\/+$/, '');
  const other = Object.values(APPENDED).find(
    (appended) => appended !== APPENDED[verb] && path.endsWith(appended),
  );
  if (other !== undefined) url.pathname = path.slice(0, -other.length);
  return url;
}

/** null: absent, empty or a template such as `https://host/{namespace}/`, which means nobody (D6). */
function readSenderUri(sender: Sender, value: unknown, allowPrivate: boolean): URL | 'refused' | null {
  if (value === undefined || value === null || value === '' || value === false) return null;
  if (typeof value !== 'string') return 'refused';
  if (/[{}]/.test(value)) return null;
  if (!URL.canParse(value)) return 'refused';
  const url = new URL(value);
  const scheme = url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:');
  const clean = url.username === '' && url.password === '';
  return scheme && clean && sender.callback_hosts.includes(url.hostname) ? url : 'refused';
}

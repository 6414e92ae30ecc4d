import type { Sender } from '../senders/sender.js';

/**
 * Where on-disburse goes (interface A, D6, D15): the message's sender_uri if it is a real URL on an allowed host,
 * else the sender's own. A path that ends with the verb is used as it is, otherwise the verb is appended.
 * @returns null where nobody is to be called.
 */
export function callbackUrl(sender: Sender, senderUri: unknown, allowPrivate: boolean): string | null {
  const fromMessage = typeof senderUri === 'string' ? allowedUrl(sender, senderUri, allowPrivate) : null;
  const url = fromMessage ?? (sender.callback_url === undefined ? null : new URL(sender.callback_url));
  if (url === null) return null;
  if (!/\/on-[a-z-]+\/?$/.test(url.pathname)) url.pathname = `${url.pathname.replace(/\/$/, '')}/on-disburse`;
  return url.href;
}

function allowedUrl(sender: Sender, text: string, allowPrivate: boolean): URL | null {
  if (/[{}]/.test(text) || !URL.canParse(text)) return null;
  const url = new URL(text);
  const scheme = url.protocol === 'https:' || (allowPrivate && url.protocol === 'http:');
  const clean = url.username === '' && url.password === '';
  return scheme && clean && sender.callback_hosts.includes(url.hostname) ? url : null;
}

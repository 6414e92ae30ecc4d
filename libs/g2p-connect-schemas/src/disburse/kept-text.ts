/** What is kept of a free text, in UTF-16 units: three of them stay far below the 1 MB that Kafka takes. */
export const KEPT_TEXT_MAX = 4000;
export const CURRENCY_KEPT_MAX = 16;
const UNREADABLE_KEPT_MAX = 40;

/** At most `kept` UTF-16 units, never ending inside a character. */
export function beginning(value: string, kept: number): string {
  if (value.length <= kept) return value;
  const cut = value.slice(0, kept);
  return /[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut;
}

/**
 * What is kept of a text that is no amount. Cut text ends with an ellipsis, so that neither the beginning of many
 * digits nor 1e20000, which takes a reader minutes to write out, is ever read as a number.
 */
export function unreadableAmount(sent: string): string {
  const short = beginning(sent, UNREADABLE_KEPT_MAX);
  if (short !== sent) return `${short}…`;
  return sent.replace(/([eE][+-]?)\d{3,}$/, '$1…');
}

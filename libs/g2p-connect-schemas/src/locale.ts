/** Longest locale that is kept, in characters. */
export const LOCALE_MAX = 35;

/**
 * Language of texts (D6): two or three letters, with or without a region or script (`en`, `eng`, `en_US`, `zh-Hant-TW`);
 * empty where nothing is said. The specification asks for three letters and shows two; it is stored as it was sent.
 */
export const LOCALE = /^(?:[a-zA-Z]{2,3}(?:[_-][a-zA-Z0-9]{2,8})*)?$/;

/** True where a strict sender may send this locale. Profile openg2p keeps any text: it is free text at the client. */
export function isLocale(text: string): boolean {
  return text.length <= LOCALE_MAX && LOCALE.test(text);
}

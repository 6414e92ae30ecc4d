import { parseXml, XmlElement, type XmlDocument } from '@rgrove/parse-xml';

/** An XML file that cannot be used; the sentence says why. */
export class UnreadableFile extends Error {}

/**
 * The root element of a file of the bank. Strict: bytes that are no UTF-8, a document that is not well-formed and any
 * document type (entities, external files) are refused. All values stay text.
 * @throws UnreadableFile
 */
export function readXml(bytes: Uint8Array): XmlElement {
  let document: XmlDocument;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    document = parseXml(text, { preserveDocumentType: true });
  } catch (cause) {
    throw new UnreadableFile('it is no well-formed XML in UTF-8', { cause });
  }
  // Of a document type only entities would be of use, and no file of a bank needs one.
  if (document.children.some(({ type }) => type === 'doctype'))
    throw new UnreadableFile('it has a document type');
  if (document.root === null) throw new UnreadableFile('it has no element');
  return document.root;
}

/** Name without the prefix that a bank's software may put before it. */
export function nameOf(element: XmlElement): string {
  return element.name.slice(element.name.indexOf(':') + 1);
}

export function elementsOf(element: XmlElement, name?: string): XmlElement[] {
  return element.children.filter(
    (child): child is XmlElement =>
      child instanceof XmlElement && (name === undefined || nameOf(child) === name),
  );
}

/** All elements on a path like `NtryDtls/TxDtls`. */
export function allAt(element: XmlElement, path: string): XmlElement[] {
  return path
    .split('/')
    .reduce<XmlElement[]>((found, name) => found.flatMap((one) => elementsOf(one, name)), [element]);
}

/** Text of the first element on a path, without spaces around it; undefined where there is none. */
export function textAt(element: XmlElement, path: string): string | undefined {
  const text = allAt(element, path)[0]?.text.trim();
  return text === '' ? undefined : text;
}

/** Text as element content. What XML 1.0 cannot hold becomes a space. */
export function escapeText(text: string): string {
  return text
    .replace(FORBIDDEN, ' ')
    .replace(/[&<>]/g, (sign) => (sign === '&' ? '&amp;' : sign === '<' ? '&lt;' : '&gt;'));
}

/** Control characters, single surrogates and the two non-characters: outside the `Char` of XML 1.0. */
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ud800-\udfff\ufffe\uffff]/gu;

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument, XsdValidator, XmlValidateError } from 'libxml2-wasm';

const folder = join(process.env.GPO_SHARED ?? join(process.cwd(), '../shared'), 'specs/xsd');

/** Schemas of the ISO 20022 Registration Authority, by message. */
export const XSD = {
  'pain.001': 'pain.001.001.09.xsd',
  'pain.002': 'pain.002.001.12.xsd',
  'camt.053': 'camt.053.001.08.xsd',
  'camt.054': 'camt.054.001.08.xsd',
} as const;

export function hasSchemas(): boolean {
  return Object.values(XSD).every((name) => existsSync(join(folder, name)));
}

/** The published schema as judge of one message: what libxml2 complains of, nothing where it agrees. */
export class XsdJudge {
  private readonly schema: XmlDocument;
  private readonly validator: XsdValidator;

  constructor(message: keyof typeof XSD) {
    this.schema = XmlDocument.fromBuffer(readFileSync(join(folder, XSD[message])));
    this.validator = XsdValidator.fromDoc(this.schema);
  }

  complaints(xml: string): string[] {
    const document = XmlDocument.fromString(xml);
    try {
      this.validator.validate(document);
      return [];
    } catch (error) {
      if (!(error instanceof XmlValidateError)) throw error;
      return error.details.map(({ message }) => message.trim());
    } finally {
      document.dispose();
    }
  }

  close(): void {
    this.validator.dispose();
    this.schema.dispose();
  }
}

import { isObject } from '../rail-http.js';

/** Reads the `settings` of a lane; each failure is one sentence that names the lane and the setting. */
export class SettingsReader {
  private readonly settings: Record<string, unknown>;

  constructor(
    private readonly laneId: string,
    settings: unknown,
  ) {
    if (!isObject(settings)) throw new Error(`Lane ${laneId}: settings must be an object.`);
    this.settings = settings;
  }

  value(name: string): unknown {
    return this.settings[name];
  }

  text(name: string): string {
    const value = this.settings[name];
    if (typeof value === 'string' && value !== '') return value;
    return this.fail(name, 'must be a text');
  }

  optionalText(name: string): string | undefined {
    return this.settings[name] === undefined ? undefined : this.text(name);
  }

  url(name: string): string {
    const text = this.text(name);
    if (!URL.canParse(text)) return this.fail(name, 'must be a URL');
    const { protocol, hostname, username, search, hash } = new URL(text);
    const loopback = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
    if (protocol !== 'https:' && !(protocol === 'http:' && loopback)) {
      return this.fail(name, 'must use https, except on a loopback address');
    }
    if (username !== '' || search !== '' || hash !== '') return this.fail(name, 'must be a plain URL');
    return text;
  }

  whole(name: string, fallback: number, least: number): number {
    const value = this.settings[name] ?? fallback;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least) return value;
    return this.fail(name, `must be a whole number from ${least}`);
  }

  currencies(name: string): string[] {
    const value = this.settings[name];
    const valid = (item: unknown): item is string => typeof item === 'string' && /^[A-Z]{3}$/.test(item);
    if (Array.isArray(value) && value.length > 0 && value.every(valid)) return value;
    return this.fail(name, 'must be a list of currency codes');
  }

  pairs(name: string): [string, string][] {
    const value = this.settings[name] ?? {};
    if (!isObject(value)) return this.fail(name, 'must be an object');
    return Object.entries(value).map(([key, item]) => {
      return typeof item === 'string' ? [key, item] : this.fail(`${name}.${key}`, 'must be a text');
    });
  }

  fail(name: string, sentence: string): never {
    throw new Error(`Lane ${this.laneId}: settings.${name} ${sentence}.`);
  }
}

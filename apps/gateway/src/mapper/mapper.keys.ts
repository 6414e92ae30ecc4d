import { SigningKey } from '../signing/signing-key.js';
import type { SenderRegistry } from '../senders/sender-registry.js';
import type { MapperSetting } from './mapper.setting.js';

/** The keys with which resolve requests are signed, by their setting. */
export class MapperKeys {
  private constructor(private readonly keys: ReadonlyMap<MapperSetting, SigningKey>) {}

  /** @throws Error with one sentence where a key cannot be read. */
  static async of(senders: SenderRegistry): Promise<MapperKeys> {
    const keys = new Map<MapperSetting, SigningKey>();
    for (const { id, mapper } of senders.all) {
      if (mapper?.signing === undefined) continue;
      const { key_file: file, key_id: keyId } = mapper.signing;
      const setting = `The mapper.signing.key_file of the sender "${id}",`;
      keys.set(mapper, await SigningKey.fromFile(senders.pathOf(file), setting, keyId));
    }
    return new MapperKeys(keys);
  }

  /** Header `Signature` over this body: a detached JWS, as SPAR 1.1 and 2.x check it (interface-a.md 4, S1). */
  async headers(mapper: MapperSetting, body: string): Promise<Record<string, string>> {
    const key = this.keys.get(mapper);
    return key === undefined ? {} : { Signature: await key.sign(body) };
  }
}

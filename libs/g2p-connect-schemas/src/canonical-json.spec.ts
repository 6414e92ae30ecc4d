import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { canonicalJson } from './canonical-json.js';
import { parseExact } from './exact-json.js';

/** A message whose digests were made with Python's json and orjson (interface A, section 4). */
const SIGNED = `{"signature": "", "header": {"version": "1.0.0", "message_id": "m-1", "message_ts": "2026-01-02T03:04:05Z", "action": "disburse", "sender_id": "spp-1", "total_count": 1}, "message": {"transaction_id": "t-1", "disbursements": [{"reference_id": "r-1", "payer_fa": "", "payee_fa": "id:\\u00e9@x", "amount": 1000.0}]}}`;

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const read = (text: string): Record<string, unknown> =>
  parseExact(Buffer.from(text)) as Record<string, unknown>;

describe('canonical JSON', () => {
  it('is what orjson writes with sorted keys', async () => {
    const text = await canonicalJson(read(SIGNED), { sorted: true, ascii: false });
    expect(Buffer.byteLength(text)).toBe(283);
    expect(sha256(text).toString('hex')).toBe(
      '45a1d483a1f516fc523d16a0fda4af3965cacac08f963a67ebc500bb3b2c903c',
    );
  });

  it("is what Python's json.dumps writes with sorted keys, without the signature", async () => {
    const { header, message } = read(SIGNED);
    const text = await canonicalJson({ header, message }, { sorted: true, ascii: true });
    expect(text).toHaveLength(272);
    expect(sha256(text).toString('base64')).toBe('N671lzto81c9Rgd4BkAaM5d3Fxsb3tU2CIBoJRMIcds=');
  });

  it.each([
    [
      'keys as they stand',
      '{ "b" : 1.50, "a" : [ true, null, 1e2 ] }',
      false,
      false,
      '{"b":1.50,"a":[true,null,1e2]}',
    ],
    [
      'keys by their UTF-8 bytes',
      '{"\\ud83d\\ude00":1,"\\uffee":2,"a":3}',
      true,
      false,
      '{"a":3,"\uffee":2,"\u{1f600}":1}',
    ],
    [
      'pairs of surrogates escaped',
      '{"a":"\\ud83d\\ude00\\u007f\\n\\""}',
      true,
      true,
      '{"a":"\\ud83d\\ude00\\u007f\\n\\""}',
    ],
    ['deep levels', '[[[[[{"b":[1],"a":{}}]]]]]', true, false, '[[[[[{"a":{},"b":[1]}]]]]]'],
    ['an empty document', '{}', true, true, '{}'],
  ])('%s', async (_, source, sorted, ascii, expected) => {
    expect(await canonicalJson(parseExact(Buffer.from(source)), { sorted, ascii })).toBe(expected);
  });
});

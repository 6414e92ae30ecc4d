import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { CodeDecision } from '../connector.js';
import { decided, decisionOf, submitOne, untilKind, type WordRig } from './rig-spec.js';

const DECISIONS: readonly CodeDecision[] = [
  ...['accepted', 'settled', 'returned', 'permanent', 'retryable', 'duplicate', 'throttled', 'unknown'],
  ...['auth', 'configuration', 'payer_funds'],
] as CodeDecision[];

/** Currencies with two, no and three decimals; a rail that does not pay one must say so before it sends. */
const CURRENCIES = [
  ['KES', 2],
  ['NGN', 2],
  ['RWF', 0],
  ['XOF', 0],
  ['KWD', 3],
] as const;

/** Parts 1 and 2: what the rail's words mean, and what our words become on the wire. */
export function wordParts(rig: WordRig): void {
  describe('1. manifest and code table', () => {
    it('the manifest is well-formed', () => {
      const { manifest } = rig.lane().connector;
      expect(manifest.id).toMatch(/^[a-z][a-z0-9]*$/);
      expect(manifest.submit.maxItems).toBeGreaterThanOrEqual(1);
      expect(manifest.submit.mode === 'single').toBe(manifest.submit.maxItems === 1);
      expect(manifest.absentIsFinalAfterMs).toBeGreaterThanOrEqual(0);
      expect(manifest.result.length).toBeGreaterThan(0);
      expect(Object.keys(manifest.codes).length).toBeGreaterThan(10);
      for (const decision of Object.values(manifest.codes)) expect(DECISIONS).toContain(decision);
      // Without a duplicate check or a query by our id nothing may ever be sent twice (rule G).
      expect(manifest.duplicate === 'none' && manifest.query === 'by-our-id').toBe(false);
    });

    it('the rig makes the rail say every word of the manifest, and each leads to what the manifest claims', async () => {
      const { codes } = rig.lane().connector.manifest;
      const led: Record<string, string> = {};
      for (const word of Object.keys(codes)) {
        const lane = rig.lane();
        await rig.say(lane, word);
        led[word] = decisionOf(await decided(rig, lane, rig.instruction()));
      }
      // A duplicate is asked for, and the rail that was made to say so knows no such payment.
      const expected = Object.entries(codes).map(([word, decision]) => [
        word,
        decision === 'duplicate' ? 'unknown' : decision,
      ]);
      expect(led).toEqual(Object.fromEntries(expected));
    }, 60_000);

    it.each(['word_of_nobody', 'constructor', '__proto__'])(
      'the word %s, which no table lists, means unknown and never a refusal',
      async (word) => {
        const lane = rig.lane();
        await rig.say(lane, word);
        expect(decisionOf(await decided(rig, lane, rig.instruction()))).toBe('unknown');
      },
    );
  });

  describe('2. golden mapping', () => {
    it.each([
      ['a name in another script', { payeeName: 'አቤል ተስፋዬ', note: 'ክፍያ' }],
      ['a name with emoji and quotes', { payeeName: '"Zoë" 💸 O\u2019Neill\\', note: '{"a":1}' }],
      ['the longest note', { note: '💸'.repeat(1_000), purpose: 'p'.repeat(1_000) }],
      ['a note with control characters', { note: 'a\u0000b\r\nc' }],
      ['no note and no name', { note: '', payeeName: '' }],
      ['one minor unit', { amountMinor: 1n }],
      ['an amount that ends in zeros', { amountMinor: 20_000n }],
      ['the largest amount of G2P Connect', { amountMinor: 999_999_999_999_999n }],
    ])('%s is accepted and paid as it is', async (_title, change) => {
      const lane = rig.lane();
      const item = rig.instruction(undefined, change);
      expect(lane.connector.validate(item)).toEqual([]);
      const answer = await submitOne(lane, item);
      if (item.amountMinor > 10n ** 14n)
        expect(['accepted', 'settled', 'payer_funds']).toContain(decisionOf(answer));
      else await untilKind(lane, item, 'settled');
    });

    it.each(CURRENCIES)(
      '%s with %i decimals is paid exactly, or refused before it is sent',
      (currency, exponent) => {
        const { connector } = rig.lane();
        fc.assert(
          fc.property(fc.bigInt({ min: 1n, max: 10n ** 15n - 1n }), (amountMinor) => {
            const item = rig.instruction(undefined, { currency, exponent, amountMinor });
            const violations = connector.validate(item);
            if (violations.length > 0)
              expect(violations.map(({ reason }) => reason)).toContain('currency_refused');
            else expect(rig.amountOf(rig.encode(item), exponent)).toBe(amountMinor);
          }),
          { numRuns: 200 },
        );
      },
    );

    it('an address that the rail cannot pay is refused before it is sent', () => {
      const { connector } = rig.lane();
      const payee = { text: '', scheme: '', id: '', provider: '' };
      expect(connector.validate(rig.instruction(undefined, { payee }))).toMatchObject([
        { reason: 'address_refused' },
      ]);
    });
  });
}

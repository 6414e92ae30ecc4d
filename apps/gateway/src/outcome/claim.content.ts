import { contentDigest, type DigestedContent } from '@gpo/g2p-connect-schemas';
import type { Claim } from './decision.js';

/** A claim that is not done, and the dead-letter reason that says why. */
export interface RefusedClaim {
  claim: Claim;
  reason: 'record.content_mismatch' | 'record.not_payable';
}

/** What the first writer fixed, and the payer that an absent one stands for. */
export interface FixedContent {
  digest: Buffer;
  payer_fa: string;
}

/** Rule B: a record that stops a disbursement before any rail must say what its row says. */
export function saysTheSame(content: DigestedContent | undefined, row: FixedContent): boolean {
  if (content === undefined) return false;
  const payerFa = content.payerFa === '' ? row.payer_fa : content.payerFa;
  return contentDigest({ ...content, payerFa }).equals(row.digest);
}

import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { contentDigest } from '@gpo/g2p-connect-schemas';
import { inTransaction, lockHoldsOut, type Sql } from '@gpo/persistence';
import { CrashPoints } from '../crash-points.js';
import { AttemptSignal } from './attempt.signal.js';
import {
  claimFirst,
  claimNext,
  explainUnclaimed,
  readStored,
  type ClaimRequest,
  type ClaimVerdict,
  type StoredMoney,
} from './claim.repository.js';

/** Turns filtered requests into attempt rows, set by set; money comes from the stored row only. */
@Injectable()
export class ClaimService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly signal: AttemptSignal,
    private readonly crashPoints: CrashPoints,
  ) {}

  /** One verdict per request. Resolves after the commit. */
  async claim(requests: readonly ClaimRequest[]): Promise<Map<ClaimRequest, ClaimVerdict>> {
    if (requests.length === 0) return new Map();
    const verdicts = await inTransaction(this.dataSource, async (sql) => {
      const found = await this.decide(sql, requests);
      this.crashPoints.reached('claim.before-commit');
      return found;
    });
    this.crashPoints.reached('claim.after-commit');
    if ([...verdicts.values()].includes('claimed')) this.signal.queued();
    return verdicts;
  }

  private async decide(
    sql: Sql,
    requests: readonly ClaimRequest[],
  ): Promise<Map<ClaimRequest, ClaimVerdict>> {
    const verdicts = new Map<ClaimRequest, ClaimVerdict>();
    await lockHoldsOut(sql);
    const stored = await readStored(
      sql,
      requests.map(({ disbursementId }) => disbursementId),
    );
    const rows: { request: ClaimRequest; digest: Buffer }[] = [];
    for (const request of requests) {
      const row = stored.get(request.disbursementId);
      if (row === undefined) verdicts.set(request, 'no_row');
      else if (!belongs(request, row)) verdicts.set(request, 'content_mismatch');
      else rows.push({ request, digest: row.digest });
    }
    const first = await claimFirst(
      sql,
      rows.filter(({ request }) => request.attemptNo === 1),
    );
    const next = await claimNext(
      sql,
      rows.filter(({ request }) => request.attemptNo > 1),
    );
    const claimed = new Set<string>();
    const unclaimed: ClaimRequest[] = [];
    for (const { request } of rows) {
      const won = (request.attemptNo === 1 ? first : next).has(request.disbursementId);
      if (won && !claimed.has(request.disbursementId)) {
        claimed.add(request.disbursementId);
        verdicts.set(request, 'claimed');
      } else unclaimed.push(request);
    }
    if (unclaimed.length > 0) {
      for (const [request, verdict] of await explainUnclaimed(sql, unclaimed)) verdicts.set(request, verdict);
    }
    return verdicts;
  }
}

/** Rule B: the record must say what the row says; an absent payer is the row's. */
function belongs(request: ClaimRequest, row: StoredMoney): boolean {
  const { senderId, transactionId, referenceId, money } = request;
  // Ids are hashes: a row with the same id and other names is another disbursement.
  if (row.sender_id !== senderId || row.transaction_id !== transactionId || row.reference_id !== referenceId)
    return false;
  const digest = contentDigest({ ...money, payerFa: money.payerFa ?? row.payer_fa });
  return digest.equals(row.digest);
}

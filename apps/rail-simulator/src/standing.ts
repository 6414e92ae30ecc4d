/** Money that is out or on its way, per disbursement and over all rails: a second standing payment is a double. */
export class StandingPayments {
  private readonly counts = new Map<string, number>();
  private beyond = 0;

  stand(disbursement: string): void {
    const before = this.counts.get(disbursement) ?? 0;
    if (before > 0) this.beyond += 1;
    this.counts.set(disbursement, before + 1);
  }

  fall(disbursement: string): void {
    const before = this.counts.get(disbursement) ?? 0;
    if (before > 1) this.beyond -= 1;
    if (before > 0) this.counts.set(disbursement, before - 1);
  }

  /** Payments beyond the first per disbursement. */
  get doubles(): number {
    return this.beyond;
  }
}

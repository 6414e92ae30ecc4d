/** The parts of the batch status API that the sample reads. */
export interface BatchStatus {
  batch_id: string;
  transaction_id: string;
  total_count: number;
  completed_at: string | null;
  retried: number;
  states: Record<
    string,
    { count: number; amounts: { currency_code: string; amount: string; amount_minor: string }[] }
  >;
  callbacks: { delivered: number; pending: number; failed: number; lines_waiting: number };
}

/** A G2P system and an auditor in one: posts batches, reads their status. */
export class ApiClient {
  constructor(private readonly baseUrl: string) {}

  /** @throws Error when the batch was not acknowledged. */
  async disburse(body: unknown): Promise<void> {
    const answer = await fetch(`${this.baseUrl}/disburse`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Basic ${btoa('openg2p:openg2p')}` },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    if (answer.status !== 200 || !text.includes('"ACK"'))
      throw new Error(`the batch was not acknowledged: HTTP ${answer.status} ${text}`);
  }

  async batch(transactionId: string): Promise<BatchStatus> {
    const answer = await fetch(
      `${this.baseUrl}/api/v1/batches?transaction_id=${encodeURIComponent(transactionId)}`,
      {
        headers: { Authorization: 'Bearer auditor-dev-key' },
      },
    );
    const { batches } = (await answer.json()) as { batches: BatchStatus[] };
    const [batch] = batches;
    if (batch === undefined) throw new Error(`the batch ${transactionId} is not known`);
    return batch;
  }
}

/** What the rail's own journal says. */
export interface JournalSummary {
  payments: number;
  double_payments: number;
  reversed: number;
}

export async function journalSummary(simulatorUrl: string): Promise<JournalSummary> {
  return (await (await fetch(`${simulatorUrl}/simulator/journal/summary`)).json()) as JournalSummary;
}

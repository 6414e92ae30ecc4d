export type Json = Record<string, unknown>;

/** An answer of interface A, as far as tests look. */
export interface Answer {
  status: number;
  text: string;
  body: {
    header: Json;
    message: Json & {
      ack_status?: string;
      correlation_id: string;
      error?: { code: string; message: string };
      disbursements_status: Json[];
      txnstatus_response: { txn_type: string; txn_status: unknown };
    };
    errors?: { code: string }[];
  };
}

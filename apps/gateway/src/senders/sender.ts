/** A G2P system with credentials: what the senders file says of it. */
export interface Sender {
  id: string;
  /** Row of the profile table in @gpo/g2p-connect-schemas. */
  profile: 'strict' | 'openg2p';
  /** Names it may use for itself in header.sender_id. Identity never comes from them. */
  aliases: readonly string[];
  credentials: {
    basic?: { user: string; password_sha256: string };
    api_key_sha256?: string;
  };
  /** Where on-disburse goes when the message names no allowed sender_uri. */
  callback_url?: string;
  /** Hosts that a sender_uri may name. */
  callback_hosts: readonly string[];
  /** Accounts this sender may pay from; any other is rjct.payer_fa.invalid. */
  payer_accounts: readonly string[];
  /** The payer of a line that names none. */
  default_payer_fa: string;
  /** May write requests to Kafka directly. */
  kafka_direct: boolean;
}

export interface Auditor {
  id: string;
  token_sha256: string;
}

/** Who is calling: a sender sees its own batches, an auditor reads all and writes nothing. */
export type Principal = { kind: 'sender'; sender: Sender } | { kind: 'auditor'; id: string };

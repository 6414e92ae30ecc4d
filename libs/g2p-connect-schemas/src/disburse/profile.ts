/** How a sender's messages are read and answered. Data, one row per profile (interface A, 1.4 and 2.2). */
export interface Profile {
  id: 'strict' | 'openg2p';
  /** Header and its required fields must be there; else only transaction_id and disbursements must be readable. */
  requireEnvelope: boolean;
  /** header.action must be one of the path's words (D4). */
  checkAction: boolean;
  /** header.total_count against the number of lines (D12). */
  checkTotalCount: 'reject' | 'warn';
  /** message_id is a key: the same one with other content is refused (D13). */
  messageIdIsKey: boolean;
  /** A sender_uri that may not be called: refuse the message, or use the registered URL (D15). */
  badSenderUri: 'reject' | 'warn';
  /** JSON false and null where text belongs mean absent (Odoo prints unset fields so). */
  falseIsAbsent: boolean;
  /** JSON numbers are taken for amounts; read from their source text, never through a float (D3). */
  numberAmounts: boolean;
  /** JSON numbers are taken for free texts (names, note, purpose, instruction, locale). */
  numberTexts: boolean;
  /** Timestamps without offset, and with a space, are UTC. */
  naiveTimestamps: boolean;
  /** note, purpose, instruction and locale over their limit: the line is refused, or the text is kept. */
  overlongTexts: 'reject' | 'keep';
  /** /disburse/txn/status and /disburse/search are answered at once, because the client never receives a callback. */
  asyncStatusAnswersSynchronously: boolean;
  /** Form of txn_status for a reference_id_list (D8). */
  statusShape: 'list' | 'spec';
}

export const PROFILES: Readonly<Record<Profile['id'], Profile>> = {
  strict: {
    id: 'strict',
    requireEnvelope: true,
    checkAction: true,
    checkTotalCount: 'reject',
    messageIdIsKey: true,
    badSenderUri: 'reject',
    falseIsAbsent: false,
    numberAmounts: true,
    numberTexts: false,
    naiveTimestamps: false,
    overlongTexts: 'reject',
    asyncStatusAnswersSynchronously: false,
    statusShape: 'list',
  },
  openg2p: {
    id: 'openg2p',
    requireEnvelope: false,
    checkAction: false,
    checkTotalCount: 'warn',
    messageIdIsKey: false,
    badSenderUri: 'warn',
    falseIsAbsent: true,
    numberAmounts: true,
    numberTexts: true,
    naiveTimestamps: true,
    overlongTexts: 'keep',
    asyncStatusAnswersSynchronously: true,
    statusShape: 'list',
  },
};

import type { Profile } from '@gpo/g2p-connect-schemas';
import { ApiError } from '../api-error.js';
import { readHead, TRANSACTION_ID_MAX } from '../intake/disburse.message.js';
import { checkAction, checkEnvelope, checkSenderId, textOf, type Envelope } from '../intake/envelope.js';
import type { Sender } from '../senders/sender.js';
import type { Upload } from './file.upload.js';

/** What a file says beside its rows. */
export interface FileHead {
  transactionId: string;
  messageId: string;
  /** The file names its message itself, so that the id can be a key (D13). */
  isNamed: boolean;
  senderUri: unknown;
  /** The number of rows is not what the head says (D12). */
  countDiffers: boolean;
}

/**
 * The head of a JSON file is its envelope, of a CSV file the fields of its form.
 * @throws ApiError
 */
export function readFileHead(upload: Upload, sender: Sender, profile: Profile): FileHead {
  if (upload.scanned.rows === 0) throw new ApiError('err.request.bad', 'The file has no disbursements.');
  return upload.format === 'json' ? jsonHead(upload, sender, profile) : csvHead(upload, sender, profile);
}

function jsonHead({ scanned, digest }: Upload, sender: Sender, profile: Profile): FileHead {
  const envelope = checkEnvelope(scanned.message ?? {}, sender, profile, 'disburse');
  const transactionId = readHead(envelope, scanned.rows, profile);
  const { total_count: total, message_id: id, sender_uri: senderUri } = envelope.header;
  return {
    transactionId,
    messageId: textOf(id) ?? fileName(digest),
    isNamed: textOf(id) !== undefined,
    senderUri,
    countDiffers: total !== undefined && total !== scanned.rows,
  };
}

/**
 * Only the action is required, and of strict senders only. A transaction that is not named gets its name from the bytes:
 * the same file sent again is the same batch.
 */
function csvHead({ fields, scanned, digest }: Upload, sender: Sender, profile: Profile): FileHead {
  const field = (name: string): string | undefined => {
    const value = fields.get(name);
    return value === '' ? undefined : value;
  };
  if (profile.checkAction) checkAction(fields.get('action'), 'disburse');
  const senderId = field('sender_id');
  if (profile.requireEnvelope && senderId !== undefined) checkSenderId(senderId, sender);
  const messageId = field('message_id') ?? fileName(digest);
  if (messageId.length > MESSAGE_ID_MAX)
    throw new ApiError(
      'err.request.bad',
      `The field message_id is longer than ${MESSAGE_ID_MAX} characters.`,
    );
  const total = field('total_count');
  const envelope: Envelope = {
    header: { total_count: total === undefined ? scanned.rows : Number(total) },
    message: { transaction_id: field('transaction_id') ?? fileName(digest) },
  };
  const transactionId = readHead(envelope, scanned.rows, { ...profile, requireEnvelope: false });
  return {
    transactionId,
    messageId,
    isNamed: field('message_id') !== undefined,
    senderUri: field('sender_uri'),
    countDiffers: envelope.header.total_count !== scanned.rows,
  };
}

const MESSAGE_ID_MAX = 255;

function fileName(digest: Buffer): string {
  return `file-${digest.toString('hex')}`.slice(0, TRANSACTION_ID_MAX);
}

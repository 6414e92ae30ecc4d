import { Injectable } from '@nestjs/common';
import { readLine } from '@gpo/g2p-connect-schemas';
import type { Sql } from '@gpo/persistence';
import { GatewayConfig } from '../gateway.config.js';
import { isSameContent, storedContents, type NewLine } from '../intake/batch.repository.js';
import { IntakeService } from '../intake/intake.service.js';
import { refuseConflicts } from '../intake/message-refusals.js';
import { unknownRefused, type NewRefusedLine } from '../intake/refused-line.repository.js';
import { keptLine, lineDefaults, newLine, repeated } from '../intake/submission.reader.js';
import { profileOf, type Sender } from '../senders/sender.js';
import type { OpenFile } from './file.repository.js';
import type { FileRow } from './file.rows.js';

interface Batch {
  total_count: number;
  correlation_id: string;
  callback_url: string | null;
}

type Item = { line: NewLine } | { refused: NewRefusedLine };

/** Stores rows of a file as intake stores the lines of a message (protocol rule B). */
@Injectable()
export class FileLines {
  constructor(
    private readonly intake: IntakeService,
    private readonly config: GatewayConfig,
  ) {}

  /** @returns how many lines became disbursements, and how many the batch had before this file. */
  async add(
    sql: Sql,
    sender: Sender,
    file: OpenFile,
    rows: readonly FileRow[],
  ): Promise<{ added: number; linesBefore: number }> {
    const [batch] = await sql.query<Batch[]>(
      'SELECT total_count, correlation_id, callback_url FROM batch WHERE batch_id = $1 FOR UPDATE',
      [file.batch_id],
    );
    const linesBefore = file.lines_before ?? batch!.total_count;
    const items = read(sender, file, rows);
    const { fresh, conflicting } = await compare(sql, linesBefore, items);
    const known = linesBefore === 0 ? new Set() : await this.knownRefusals(sql, file, fresh);
    const added = fresh.filter((item) => 'line' in item || !known.has(item.refused));
    await this.refuse(sql, sender, file, batch!, conflicting);
    const { total_count: before, callback_url: url } = batch!;
    const target = { batchId: file.batch_id, before, told: url !== null };
    const stored = await this.intake.add(sql, sender, target, [numbered(before, added)]);
    return { added: stored.added, linesBefore };
  }

  /** Refused lines that the batch holds already from another message. */
  private async knownRefusals(
    sql: Sql,
    file: OpenFile,
    items: readonly Item[],
  ): Promise<ReadonlySet<NewRefusedLine>> {
    const refused = items.flatMap((item) => ('refused' in item ? [item.refused] : []));
    const unknown = new Set(await unknownRefused(sql, file.batch_id, refused));
    return new Set(refused.filter((line) => !unknown.has(line)));
  }

  private async refuse(
    sql: Sql,
    sender: Sender,
    file: OpenFile,
    batch: Batch,
    conflicting: readonly NewLine[],
  ): Promise<void> {
    const message = {
      batchId: file.batch_id,
      senderId: sender.id,
      transactionId: file.transaction_id,
      correlationId: batch.correlation_id,
      messageId: file.message_id,
      contentDigest: file.content_digest,
      callbackUrl: file.callback_url ?? batch.callback_url,
      lines: conflicting.length,
    };
    const { gatewayId, callbackChunkItems: chunkItems } = this.config;
    await refuseConflicts(sql, message, conflicting, { gatewayId, chunkItems });
  }
}

/** Rows as intake reads lines; a reference that stands twice among them is refused the second time. */
function read(sender: Sender, file: OpenFile, rows: readonly FileRow[]): Item[] {
  const [profile, defaults] = [profileOf(sender), lineDefaults(sender)];
  const seen = new Set<string>();
  return rows.map((row, index): Item => {
    const lineNo = file.rows_loaded + index + 1;
    if ('cells' in row) return { refused: badRow(lineNo, row) };
    const reading = readLine(row.line, profile, defaults);
    if (reading.kind === 'refused') {
      const { referenceId = null, errors, message } = reading;
      return { refused: { lineNo, referenceId, errors, message, line: keptLine(row.line) } };
    }
    if (seen.has(reading.referenceId)) return { refused: repeated(lineNo, reading.referenceId, row.line) };
    seen.add(reading.referenceId);
    return { line: newLine(sender, file.transaction_id, lineNo, reading) };
  });
}

function badRow(lineNo: number, { cells, message }: { cells: string[]; message: string }): NewRefusedLine {
  return { lineNo, referenceId: null, errors: ['rjct.row.invalid'], message, line: keptLine(cells) };
}

/**
 * A stored reference is this file's own where its line came after the file; then the row repeats an earlier one. Else it
 * is another message's: the same content says nothing new, other content is a conflict.
 */
async function compare(
  sql: Sql,
  linesBefore: number,
  items: readonly Item[],
): Promise<{ fresh: Item[]; conflicting: NewLine[] }> {
  const ids = items.flatMap((item) => ('line' in item ? [item.line.disbursementId] : []));
  const contents = await storedContents(sql, ids);
  const fresh: Item[] = [];
  const conflicting: NewLine[] = [];
  for (const item of items) {
    const stored = 'line' in item ? contents.get(item.line.disbursementId) : undefined;
    if (stored === undefined || !('line' in item)) fresh.push(item);
    else if (stored.line_no > linesBefore) fresh.push({ refused: repeatedLine(item.line) });
    else if (!isSameContent(item.line, stored)) conflicting.push(item.line);
  }
  return { fresh, conflicting };
}

function repeatedLine(line: NewLine): NewRefusedLine {
  const { referenceId, payerFa, payeeFa, amount, currencyCode } = line;
  return repeated(line.lineNo, referenceId, {
    reference_id: referenceId,
    payer_fa: payerFa,
    payee_fa: payeeFa,
    amount,
    currency_code: currencyCode,
  });
}

/** Line numbers go on after those of the batch, in the order of the file. */
function numbered(before: number, items: readonly Item[]): { lines: NewLine[]; refused: NewRefusedLine[] } {
  const lines: NewLine[] = [];
  const refused: NewRefusedLine[] = [];
  items.forEach((item, index) => {
    const lineNo = before + index + 1;
    if ('line' in item) lines.push({ ...item.line, lineNo });
    else refused.push({ ...item.refused, lineNo });
  });
  return { lines, refused };
}

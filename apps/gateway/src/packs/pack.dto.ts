import { ApiProperty } from '@nestjs/swagger';

/** What a pack is to be about: one batch, or the batches that were received on these days (UTC, both included). */
export class PackRequestDto {
  @ApiProperty({ required: false, format: 'uuid' }) batch_id?: string;
  @ApiProperty({ required: false, format: 'date' }) from?: string;
  @ApiProperty({ required: false, format: 'date' }) to?: string;
}

/** An auditor's pack. */
export class PackDto {
  @ApiProperty({ format: 'uuid' }) pack_id: string;
  @ApiProperty({ type: String, format: 'uuid', nullable: true }) batch_id: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) from: string | null;
  @ApiProperty({ type: String, format: 'date', nullable: true }) to: string | null;
  /** ready: its file can be taken away, for 7 days. */
  @ApiProperty({ enum: ['asked', 'making', 'ready', 'failed'] }) state: string;
  /** Who asked for it. */
  asked_by: string;
  @ApiProperty({ format: 'date-time' }) asked_at: string;
  /** Files that are in it by now. */
  files_done: number;
  files_total: number;
  /** Lines of batches that are in it by now. */
  lines_done: number;
  lines_total: number;
  /** Size of its file. */
  @ApiProperty({ type: Number, nullable: true }) bytes: number | null;
  /** SHA-256 of its file, hex. */
  @ApiProperty({ type: String, nullable: true }) sha256: string | null;
  /** Why it failed. */
  @ApiProperty({ type: String, nullable: true }) message: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) ended_at: string | null;
}

/** A page of packs, the newest first. */
export class PackPageDto {
  @ApiProperty({ type: [PackDto] }) packs: PackDto[];
  /** Value of `after` for the next page; null on the last one. */
  @ApiProperty({ type: String, nullable: true }) next: string | null;
}

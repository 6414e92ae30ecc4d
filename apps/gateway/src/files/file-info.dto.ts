import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString } from 'class-validator';

/**
 * Form of POST /disburse with a file of disbursements (G2P Connect FileInfo, multipart/form-data). The fields after
 * fileFormat name the message of a CSV file, where the specification is silent (D26); a JSON file holds its own.
 */
export class FileInfoDto {
  /** `disburse`; required of strict senders. */
  @IsOptional() @IsIn(['disburse']) action?: string;
  /** Absent = what the type or the name of the file says, else csv. To stand before the file. */
  @IsOptional() @IsIn(['json', 'csv']) fileFormat?: string;
  /** Names the batch; absent = a name made of the bytes. */
  @IsOptional() @IsString() transaction_id?: string;
  /** Names the message. */
  @IsOptional() @IsString() message_id?: string;
  /** One of the sender's registered names. */
  @IsOptional() @IsString() sender_id?: string;
  /** Where callbacks go. */
  @IsOptional() @IsString() sender_uri?: string;
  /** Number of rows. */
  @IsOptional() @IsString() total_count?: string;
  /** The file: CSV with a header row, or a whole message as JSON. */
  @ApiProperty({ type: 'string', format: 'binary' }) @IsString() fileName: string;
}

import { IsArray, IsBoolean, IsInt, IsOptional, IsString } from 'class-validator';

/** Value of g2p.request: please pay this. Flat, in the words of G2P Connect, so that a rule reads `#input.payee_provider`. */
export class RequestMessage {
  /** Sender, as the senders file names it. */
  @IsOptional() @IsString() sender_id?: string;
  /** The batch's name at the sender. */
  @IsOptional() @IsString() transaction_id?: string;
  /** The line's name at the sender. */
  @IsOptional() @IsString() reference_id?: string;
  /** Derived from sender_id and transaction_id. */
  @IsOptional() @IsString() batch_id?: string;
  /** Derived from sender_id, transaction_id and reference_id; also the key of the record. */
  @IsOptional() @IsString() disbursement_id?: string;
  /** Paying account. */
  @IsOptional() @IsString() payer_fa?: string;
  /** Paid account, as it was sent. */
  @IsOptional() @IsString() payee_fa?: string;
  /** payee_fa before its first colon, in lower case. */
  @IsOptional() @IsString() payee_scheme?: string;
  /** payee_fa between scheme and provider. */
  @IsOptional() @IsString() payee_id?: string;
  /** payee_fa after its last @. */
  @IsOptional() @IsString() payee_provider?: string;
  /** Name of the payee. */
  @IsOptional() @IsString() payee_name?: string;
  /** Decimal text. */
  @IsOptional() @IsString() amount?: string;
  /** ISO 4217 code. */
  @IsOptional() @IsString() currency_code?: string;
  /** For the payee. */
  @IsOptional() @IsString() note?: string;
  /** What the money is for. */
  @IsOptional() @IsString() purpose?: string;
  /** As it was sent. */
  @IsOptional() @IsString() scheduled_timestamp?: string;
  /** What the gateway found wrong in this line. */
  @IsOptional() @IsArray() @IsString({ each: true }) violations?: string[];
  /** disbursement_id of another disbursement to the same payee, where the sender has duplicate_payee set. */
  @IsOptional() @IsString() duplicate_payee_of?: string;
}

/** Value of g2p.malformed-input: refused before any rail. */
export class MalformedInputMessage extends RequestMessage {
  /** Everything that is wrong. */
  @IsOptional() @IsArray() @IsString({ each: true }) errors?: string[];
}

/** Value of g2p.filtered-requests: sane, and a lane is chosen. */
export class FilteredRequestMessage extends RequestMessage {
  /** Lane that pays it. */
  @IsOptional() @IsString() lane?: string;
  /** 1, 2, ... */
  @IsOptional() @IsInt() attempt?: number;
}

/** Value of g2p.on-hold: sane and routed, but an operator must release it first. */
export class OnHoldMessage extends FilteredRequestMessage {
  /** Why, in words for the operator. */
  @IsOptional() @IsString() hold_reason?: string;
}

/** Value of g2p.response, g2p.success, g2p.failure and g2p.review: what the rail finally said about one attempt. */
export class ResponseMessage extends FilteredRequestMessage {
  /** settled, rejected, returned, or unknown where nobody can know. */
  @IsOptional() @IsString() outcome?: string;
  /** Why, in the words of the connector port. */
  @IsOptional() @IsString() reason?: string;
  /** A new attempt may succeed. */
  @IsOptional() @IsBoolean() retryable?: boolean;
  /** The rail's own words. */
  @IsOptional() @IsString() message?: string;
  /** The rail's id of the payment. */
  @IsOptional() @IsString() rail_reference?: string;
  /** ISO 8601, UTC. */
  @IsOptional() @IsString() resolved_at?: string;
}

/** Value of g2p.retry: `attempt` is the one to come. */
export class RetryMessage extends ResponseMessage {
  /** Epoch milliseconds before which it must not be tried. */
  @IsOptional() @IsInt() not_before?: number;
}

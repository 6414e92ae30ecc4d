import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The record of every disbursement: see ARCHITECTURE.md, "Tables". */
export class CreateRecord1795510000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...INTAKE, ...CONNECT, ...OUTCOME, ...CALLBACK]) await runner.query(statement);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of TABLES.toReversed()) await runner.query(`DROP TABLE ${table}`);
  }
}

const TABLES = [
  'batch',
  'disbursement',
  'refused_line',
  'dispatch_range',
  'attempt',
  'lane',
  'parked_record',
  'retry',
  'history',
  'batch_counter',
  'watchdog_mark',
  'incident',
  'callback',
  'callback_item',
];

// Fill factor 50 keeps updates of the hot rows on their page (HOT); no index on a state column, partial ones for open work.
const INTAKE = [
  `CREATE TABLE batch (
    batch_id uuid PRIMARY KEY,
    sender_id text NOT NULL,
    transaction_id text NOT NULL,
    correlation_id uuid NOT NULL,
    message_id text NOT NULL,
    content_digest bytea NOT NULL,
    channel text NOT NULL CHECK (channel IN ('rest', 'kafka')),
    callback_url text,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_line_at timestamptz NOT NULL DEFAULT now(),
    total_count integer NOT NULL,
    completed_at timestamptz,
    version integer NOT NULL DEFAULT 0,
    sent_version integer NOT NULL DEFAULT 0,
    CONSTRAINT batch_sender_transaction UNIQUE (sender_id, transaction_id)
  ) WITH (fillfactor = 50)`,
  `CREATE INDEX batch_received ON batch (received_at, batch_id)`,
  `CREATE INDEX batch_open ON batch (batch_id) WHERE completed_at IS NULL`,
  `CREATE TABLE disbursement (
    disbursement_id uuid PRIMARY KEY,
    batch_id uuid NOT NULL,
    line_no integer NOT NULL,
    reference_id text NOT NULL,
    digest bytea NOT NULL,
    payer_fa text NOT NULL,
    payee_fa text NOT NULL,
    payee_scheme text NOT NULL,
    payee_id text NOT NULL,
    payee_provider text NOT NULL,
    payer_name text,
    payee_name text,
    amount text NOT NULL,
    amount_minor bigint,
    currency_code text NOT NULL,
    exponent smallint,
    note text,
    purpose text,
    instruction text,
    locale text,
    scheduled_timestamp text,
    due_at timestamptz NOT NULL,
    violations text[] NOT NULL DEFAULT '{}',
    state text NOT NULL DEFAULT 'received',
    attempt_no integer NOT NULL DEFAULT 1,
    reason text,
    message text,
    updated_at timestamptz NOT NULL DEFAULT now()
  ) WITH (fillfactor = 50)`,
  `CREATE UNIQUE INDEX disbursement_line ON disbursement (batch_id, line_no)`,
  `CREATE INDEX disbursement_reference ON disbursement (reference_id)`,
  `CREATE INDEX disbursement_retried ON disbursement (batch_id) WHERE attempt_no > 1`,
  `CREATE TABLE refused_line (
    batch_id uuid NOT NULL,
    line_no integer NOT NULL,
    reference_id text,
    errors text[] NOT NULL,
    message text NOT NULL,
    line jsonb NOT NULL,
    refused_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (batch_id, line_no)
  )`,
  `CREATE INDEX refused_line_unpublished ON refused_line (batch_id, line_no) WHERE published_at IS NULL`,
  `CREATE TABLE dispatch_range (
    range_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id uuid NOT NULL,
    first_line integer NOT NULL,
    last_line integer NOT NULL,
    due_at timestamptz NOT NULL,
    published_at timestamptz
  )`,
  `CREATE INDEX dispatch_range_due ON dispatch_range (due_at, range_id) WHERE published_at IS NULL`,
];

const CONNECT = [
  `CREATE TABLE attempt (
    disbursement_id uuid NOT NULL,
    attempt_no integer NOT NULL,
    lane text NOT NULL,
    state text NOT NULL CHECK (state IN
      ('queued', 'sending', 'accepted', 'unknown', 'review', 'rejected', 'settled', 'returned', 'void')),
    rail_id uuid NOT NULL,
    lease_token bigint NOT NULL DEFAULT 0,
    queued_at timestamptz NOT NULL DEFAULT now(),
    not_before timestamptz,
    sends integer NOT NULL DEFAULT 0,
    first_send_at timestamptz,
    send_by timestamptz,
    queries integer NOT NULL DEFAULT 0,
    throttles integer NOT NULL DEFAULT 0,
    next_at timestamptz,
    rail_reference text,
    rail_handle text,
    reason text,
    retryable boolean,
    definite boolean,
    message text,
    resolved_at timestamptz,
    outcome_seq integer NOT NULL DEFAULT 0,
    published_seq integer NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (disbursement_id, attempt_no)
  ) WITH (fillfactor = 50)`,
  `CREATE INDEX attempt_queue ON attempt (lane, queued_at) WHERE state = 'queued'`,
  `CREATE INDEX attempt_next ON attempt (next_at) WHERE next_at IS NOT NULL`,
  `CREATE INDEX attempt_unpublished ON attempt (disbursement_id) WHERE outcome_seq > published_seq`,
  `CREATE INDEX attempt_rail_id ON attempt (rail_id)`,
  `CREATE TABLE lane (
    lane text PRIMARY KEY,
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'held', 'stopped')),
    reason text,
    changed_at timestamptz NOT NULL DEFAULT now(),
    changed_by text,
    probe_at timestamptz,
    next_slot_at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE TABLE parked_record (
    parked_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    record_key text,
    record bytea NOT NULL,
    record_digest bytea NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT now(),
    next_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT parked_record_once UNIQUE (topic, record_digest)
  )`,
  `CREATE INDEX parked_record_next ON parked_record (topic, next_at)`,
];

const OUTCOME = [
  `CREATE TABLE retry (
    disbursement_id uuid NOT NULL,
    attempt_no integer NOT NULL,
    lane text NOT NULL,
    due_at timestamptz NOT NULL,
    record jsonb NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz,
    PRIMARY KEY (disbursement_id, attempt_no)
  )`,
  `CREATE INDEX retry_due ON retry (due_at) WHERE published_at IS NULL`,
  `CREATE TABLE history (
    history_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    disbursement_id uuid NOT NULL,
    batch_id uuid NOT NULL,
    event text NOT NULL,
    from_state text,
    to_state text NOT NULL,
    attempt_no integer NOT NULL,
    reason text,
    message text,
    cause text NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
  )`,
  `CREATE INDEX history_disbursement ON history (disbursement_id, history_id)`,
  `CREATE TABLE batch_counter (
    batch_id uuid NOT NULL,
    shard smallint NOT NULL,
    state text NOT NULL,
    currency_code text NOT NULL,
    lines bigint NOT NULL,
    amount_minor numeric(38, 0) NOT NULL,
    PRIMARY KEY (batch_id, shard, state, currency_code)
  ) WITH (fillfactor = 50)`,
  `CREATE TABLE watchdog_mark (
    disbursement_id uuid PRIMARY KEY,
    times integer NOT NULL,
    last_at timestamptz NOT NULL
  )`,
  `CREATE TABLE incident (
    incident_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    disbursement_id uuid,
    attempt_no integer,
    detail text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT incident_once UNIQUE NULLS NOT DISTINCT (kind, disbursement_id, attempt_no)
  )`,
];

const CALLBACK = [
  `CREATE TABLE callback (
    callback_id uuid PRIMARY KEY,
    batch_id uuid NOT NULL,
    version integer NOT NULL,
    url text NOT NULL,
    body text,
    items integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz,
    abandoned_at timestamptz,
    last_error text,
    CONSTRAINT callback_version UNIQUE (batch_id, version)
  ) WITH (fillfactor = 50)`,
  `CREATE INDEX callback_due ON callback (next_at) WHERE delivered_at IS NULL AND abandoned_at IS NULL`,
  `CREATE TABLE callback_item (
    item_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id uuid NOT NULL,
    disbursement_id uuid,
    line_no integer,
    state text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    callback_id uuid
  )`,
  `CREATE INDEX callback_item_waiting ON callback_item (batch_id, item_id) WHERE callback_id IS NULL`,
];

-- One dialect for SQLite and PostgreSQL. Times are milliseconds since 1970 in UTC.
CREATE TABLE job (
  id VARCHAR(36) PRIMARY KEY,
  model TEXT NOT NULL,
  version TEXT NOT NULL,
  call VARCHAR(10) NOT NULL,
  bulk INTEGER NOT NULL,
  request_type TEXT NOT NULL,
  request_json_length INTEGER,
  result_type TEXT,
  result_json_length INTEGER,
  state VARCHAR(10) NOT NULL,
  attempts INTEGER NOT NULL,
  parts BIGINT NOT NULL,
  done BIGINT NOT NULL,
  failed BIGINT NOT NULL,
  created BIGINT NOT NULL,
  started BIGINT,
  ended BIGINT,
  not_before BIGINT NOT NULL,
  expires BIGINT,
  owner TEXT,
  lease_until BIGINT,
  error TEXT,
  idempotency_key TEXT,
  request_hash TEXT,
  webhook TEXT,
  webhook_tries INTEGER NOT NULL,
  webhook_next BIGINT,
  webhook_outcome TEXT
);

CREATE UNIQUE INDEX job_idempotency_key ON job (idempotency_key);
CREATE INDEX job_due ON job (state, not_before);
CREATE INDEX job_expires ON job (expires);
CREATE INDEX job_webhook ON job (webhook_next);

-- The request in parts: one, or one for each line of a bulk job, numbered like the lines.
-- A part with a result is done; failed says whether that is an error.
CREATE TABLE job_part (
  job_id VARCHAR(36) NOT NULL,
  part BIGINT NOT NULL,
  request BYTEA NOT NULL,
  result BYTEA,
  failed INTEGER NOT NULL,
  PRIMARY KEY (job_id, part)
);

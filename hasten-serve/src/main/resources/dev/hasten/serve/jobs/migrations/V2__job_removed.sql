-- Jobs that were removed and whose parts are yet to be: a large job's take several transactions.
CREATE TABLE job_removed (
  id VARCHAR(36) PRIMARY KEY
);

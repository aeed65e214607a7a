-- First answers.

CREATE TABLE bt_answer (
  answer_key VARCHAR(64) NOT NULL COMMENT 'Digest of caller, route and idempotency key.',
  fingerprint VARCHAR(64) NOT NULL COMMENT 'Of the request.',
  answer MEDIUMTEXT NOT NULL COMMENT 'JSON text, as it was given.',
  at BIGINT NOT NULL COMMENT 'The row may be deleted 15 days after it.',
  PRIMARY KEY (answer_key),
  KEY at (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='First answers to requests with an idempotency key, but those of payments.';

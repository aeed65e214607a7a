-- Dead letters and notices.

CREATE TABLE bt_dead_letter (
  seq BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Order of parking.',
  letter_id VARCHAR(64) NOT NULL,
  at BIGINT NOT NULL,
  source VARCHAR(64) NOT NULL COMMENT 'Where it failed: a consumer group, or webhook.',
  reason TEXT NOT NULL,
  message LONGTEXT NOT NULL COMMENT 'JSON, as it came.',
  replayed_at BIGINT NULL,
  replayed_by VARCHAR(64) NULL,
  PRIMARY KEY (seq),
  UNIQUE KEY letter (letter_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Messages that nobody could handle.';

CREATE TABLE bt_notice (
  seq BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Order of adding.',
  notice_id VARCHAR(64) NOT NULL,
  reservation_id VARCHAR(64) NOT NULL,
  template VARCHAR(32) NOT NULL,
  copy INT NOT NULL COMMENT '0, and 1, 2, … for an operator''s repeats.',
  document LONGTEXT NOT NULL COMMENT 'The notice as JSON: the buyer''s address is in it.',
  state VARCHAR(8) NOT NULL COMMENT 'due, sent or refused.',
  due_at BIGINT NOT NULL COMMENT 'While leased: when the lease ends.',
  token VARCHAR(64) NULL COMMENT 'Of the present lease.',
  attempts INT NOT NULL,
  error TEXT NULL COMMENT 'Of the last attempt.',
  PRIMARY KEY (seq),
  UNIQUE KEY notice (notice_id),
  UNIQUE KEY copy (reservation_id, template, copy),
  KEY due (state, due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Mails to be sent, and sent.';

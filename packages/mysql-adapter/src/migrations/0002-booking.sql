-- Payments with the claims they own, their history and reservations; the inbox and the outbox.

CREATE TABLE bt_claim (
  schedule_id VARCHAR(64) NOT NULL,
  section VARCHAR(64) NOT NULL,
  seat INT NOT NULL COMMENT 'Index in the section, venue order, created seats after the listed ones.',
  request_id VARCHAR(64) NOT NULL COMMENT 'The payment that owns the seat. Whether it is paid, and since which version, is said there.',
  PRIMARY KEY (schedule_id, section, seat)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Live claims only: the key gives a seat at most one owner.';

CREATE TABLE bt_payment (
  request_id VARCHAR(64) NOT NULL,
  seq BIGINT NULL COMMENT 'Order of opening: the record_version of its first change.',
  reservation_id VARCHAR(64) NULL COMMENT 'Minted at request, the same in every message and mail.',
  schedule_id VARCHAR(64) NULL,
  visitor VARCHAR(64) NULL COMMENT 'Whose session asked.',
  idempotency_key VARBINARY(1024) NULL COMMENT 'UTF-8, compared byte by byte.',
  fingerprint VARCHAR(64) NULL COMMENT 'Of the request the key was used for.',
  hold_id VARCHAR(64) NULL,
  holder VARCHAR(64) NULL,
  hold MEDIUMTEXT NULL COMMENT 'The hold as it was paid for, as JSON.',
  buyer TEXT NULL COMMENT 'JSON.',
  payment_token VARCHAR(255) NULL COMMENT 'Null once decided. It is nowhere else.',
  amount BIGINT NULL COMMENT 'In minor units.',
  currency VARCHAR(8) NULL,
  state VARCHAR(16) NOT NULL COMMENT 'REQUESTED, CHARGING, UNKNOWN, NEEDS_REVIEW, COMPLETED or FAILED.',
  reason MEDIUMTEXT NULL,
  refund VARCHAR(8) NOT NULL COMMENT 'none, PENDING, DONE or ERROR.',
  version INT NOT NULL COMMENT 'Grows by 1 with every change: what a change is compared with. 0 in a tombstone.',
  record_version BIGINT NOT NULL COMMENT 'Of the last change of its seats'' owner: what projections are compared by.',
  attempts INT NOT NULL,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL,
  charge_until BIGINT NULL,
  due_at BIGINT NULL COMMENT 'When the due loop takes it; while leased, when the lease ends. Null: nothing is left to do.',
  PRIMARY KEY (request_id),
  UNIQUE KEY seq (seq),
  UNIQUE KEY idempotency (visitor, idempotency_key),
  UNIQUE KEY reservation (reservation_id),
  KEY hold (hold_id),
  KEY schedule (schedule_id, seq),
  KEY due (due_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='A row without seq is a tombstone: a request that was abandoned, so that it can never be opened.';

CREATE TABLE bt_history (
  record_version BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Drawn while the seats are locked: for one seat its order is that of the commits.',
  request_id VARCHAR(64) NULL COMMENT 'Null: seats were blocked or unblocked.',
  version INT NULL,
  at BIGINT NOT NULL,
  from_state VARCHAR(16) NULL,
  to_state VARCHAR(16) NULL,
  refund VARCHAR(8) NULL,
  event VARCHAR(64) NOT NULL COMMENT 'A short word, never data of the buyer.',
  PRIMARY KEY (record_version),
  UNIQUE KEY change_of (request_id, version)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Only ever added to.';

CREATE TABLE bt_reservation (
  reservation_id VARCHAR(64) NOT NULL,
  request_id VARCHAR(64) NOT NULL COMMENT 'Its payment, which knows the seats, the amount and the buyer.',
  state VARCHAR(16) NOT NULL COMMENT 'CONFIRMED, REFUNDING or CANCELLED.',
  refund VARCHAR(8) NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (reservation_id),
  UNIQUE KEY payment (request_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Reservations of completed payments.';

CREATE TABLE bt_inbox (
  consumer VARCHAR(64) NOT NULL,
  event_id VARCHAR(128) NOT NULL,
  at BIGINT NOT NULL,
  PRIMARY KEY (consumer, event_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Events whose effect is in the record.';

CREATE TABLE bt_outbox (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  lane SMALLINT NOT NULL COMMENT 'crc32(message_key) mod 64.',
  event_id VARCHAR(128) NOT NULL,
  topic VARCHAR(64) NOT NULL,
  message_key VARCHAR(64) NOT NULL,
  message_schema INT NOT NULL COMMENT 'Version of the shape of data.',
  at BIGINT NOT NULL,
  data TEXT NOT NULL COMMENT 'JSON: ids only.',
  PRIMARY KEY (seq),
  UNIQUE KEY event (event_id),
  KEY lane (lane, seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Messages not published yet.';

CREATE TABLE bt_outbox_lane (
  lane SMALLINT NOT NULL,
  token VARCHAR(64) NULL COMMENT 'Of the relay that leased it last, until it gives it back.',
  leased_until BIGINT NOT NULL,
  PRIMARY KEY (lane)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='The lanes of the outbox: order is kept within one, and one relay at a time reads it.';

INSERT IGNORE INTO bt_outbox_lane (lane, leased_until) VALUES
  (0, 0), (1, 0), (2, 0), (3, 0), (4, 0), (5, 0), (6, 0), (7, 0),
  (8, 0), (9, 0), (10, 0), (11, 0), (12, 0), (13, 0), (14, 0), (15, 0),
  (16, 0), (17, 0), (18, 0), (19, 0), (20, 0), (21, 0), (22, 0), (23, 0),
  (24, 0), (25, 0), (26, 0), (27, 0), (28, 0), (29, 0), (30, 0), (31, 0),
  (32, 0), (33, 0), (34, 0), (35, 0), (36, 0), (37, 0), (38, 0), (39, 0),
  (40, 0), (41, 0), (42, 0), (43, 0), (44, 0), (45, 0), (46, 0), (47, 0),
  (48, 0), (49, 0), (50, 0), (51, 0), (52, 0), (53, 0), (54, 0), (55, 0),
  (56, 0), (57, 0), (58, 0), (59, 0), (60, 0), (61, 0), (62, 0), (63, 0);

-- Seats beside their claims: holds written behind, blocks, created seats.

CREATE TABLE bt_hold (
  hold_id VARCHAR(64) NOT NULL,
  schedule_id VARCHAR(64) NOT NULL,
  version BIGINT NOT NULL COMMENT 'Of the fast store; only a newer one is applied.',
  expires_at BIGINT NULL COMMENT 'By the clock of the fast store. Null: it ended, at this version, for ever.',
  document TEXT NULL COMMENT 'The hold as JSON; null when it ended.',
  kept_until BIGINT NOT NULL COMMENT 'The row may be deleted after it.',
  PRIMARY KEY (hold_id),
  KEY live (schedule_id, expires_at),
  KEY kept (kept_until)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Holds, written behind: what a lost seat map is rebuilt from.';

CREATE TABLE bt_seat_block (
  schedule_id VARCHAR(64) NOT NULL,
  section VARCHAR(64) NOT NULL,
  seat INT NOT NULL COMMENT 'Index in the section, venue order, created seats after the listed ones.',
  blocked TINYINT NOT NULL COMMENT 'A seat without a row is blocked if its venue says so.',
  record_version BIGINT NOT NULL,
  PRIMARY KEY (schedule_id, section, seat)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Seats that an operator blocked or unblocked.';

CREATE TABLE bt_created_seats (
  schedule_id VARCHAR(64) NOT NULL,
  section VARCHAR(64) NOT NULL COMMENT 'An elastic section.',
  created INT NOT NULL COMMENT 'Seats made on demand after the listed ones.',
  PRIMARY KEY (schedule_id, section)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='How many seats an elastic section made.';

CREATE TABLE bt_created_seat (
  schedule_id VARCHAR(64) NOT NULL,
  section VARCHAR(64) NOT NULL,
  seat INT NOT NULL COMMENT 'Its index, which decides its label: no two creators make the same one.',
  operation_id VARCHAR(64) NOT NULL COMMENT 'Who made it; repeated, an operation answers the same seats.',
  PRIMARY KEY (schedule_id, section, seat),
  KEY operation (schedule_id, section, operation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Seats made on demand.';

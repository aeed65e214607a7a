-- Venues, schedules and the audit trail.

CREATE TABLE bt_venue (
  venue_id VARCHAR(64) NOT NULL,
  document LONGTEXT NOT NULL COMMENT 'The venue as JSON.',
  PRIMARY KEY (venue_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Venues. A row never changes.';

CREATE TABLE bt_schedule (
  seq BIGINT NOT NULL AUTO_INCREMENT COMMENT 'Order of creation.',
  schedule_id VARCHAR(64) NOT NULL,
  venue_id VARCHAR(64) NOT NULL,
  state VARCHAR(16) NOT NULL COMMENT 'Of the sale: scheduled, prequeue, open, paused, draining, ended.',
  version BIGINT NOT NULL COMMENT 'Grows by 1 with every change: what a change is compared with.',
  epoch VARCHAR(64) NOT NULL COMMENT 'The life of the line; a reset starts another.',
  ceiling BIGINT NOT NULL COMMENT 'No number of the line above it is issued.',
  incarnation BIGINT NOT NULL COMMENT 'Grows when a fast store may have lost data; the high part of its versions.',
  document LONGTEXT NOT NULL COMMENT 'The whole record as JSON: prices, settings, draw.',
  PRIMARY KEY (seq),
  UNIQUE KEY schedule (schedule_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Schedules: one sale each.';

CREATE TABLE bt_audit (
  seq BIGINT NOT NULL AUTO_INCREMENT,
  at BIGINT NOT NULL COMMENT 'Ms since 1970, UTC, like every instant here.',
  by_whom VARCHAR(64) NOT NULL COMMENT 'operator, loop, or a name of the host.',
  action VARCHAR(255) NOT NULL,
  subject VARCHAR(64) NOT NULL COMMENT 'What was acted on: a venue, a schedule, a booking.',
  detail LONGTEXT NOT NULL COMMENT 'JSON.',
  PRIMARY KEY (seq)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Who did what. Only ever added to.';

CREATE TABLE bt_fence_epoch (
  resource VARCHAR(64) NOT NULL COMMENT 'The key of a lock.',
  epoch BIGINT NOT NULL COMMENT 'The last one given: the high part of its fencing numbers.',
  PRIMARY KEY (resource)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin COMMENT='Epochs of fencing numbers, so that they grow also when the locks are lost.';

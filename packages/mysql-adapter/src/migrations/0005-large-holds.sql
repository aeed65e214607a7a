-- A hold of many seats, or of long labels, is beyond the 64 kB of TEXT.

ALTER TABLE bt_hold MODIFY document MEDIUMTEXT NULL COMMENT 'The hold as JSON; null when it ended.';

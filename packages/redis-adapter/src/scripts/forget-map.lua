-- Forgets the history of a map one of whose shards has lost its data: all of it is missing then, and loaded from the record.
-- KEYS  see merge-news.lua
-- ARGV  1 clock · 2 id of the record, or ''
-- reply nothing

-- Before any section is in it, it is just being loaded.
if redis.call('HEXISTS', KEYS[1], '*') == 1 then redis.call('UNLINK', unpack(KEYS)) end

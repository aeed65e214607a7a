#!lua flags=no-writes
-- Reads the number of the last change published on a channel.
-- KEYS  1 feed:{<channel>}
-- ARGV  1 clock (not read)
-- reply the number, or nil: nothing was published yet, or it was lost

return tonumber(redis.call('HGET', KEYS[1], 'seq') or nil)

-- Says that the seats of a schedule are sharded by section, or only asks whether they may be.
-- KEYS  1 seats:{…}
-- ARGV  1 clock · 2 id of the record, or '' · 3 life of the key in ms, or '': only asks
-- reply 0 they are sharded by schedule: nothing changed · 1

local meta = redis.call('HGET', KEYS[1], '')
-- Whichever run of the server they are of: processes that shard by schedule load them again.
if meta and ({ cmsgpack.unpack(meta) })[14] == ARGV[2] then return 0 end
if ARGV[3] == '' then return 1 end
if redis.call('HGET', KEYS[1], 'by-section') ~= ARGV[2] then redis.call('HSET', KEYS[1], 'by-section', ARGV[2]) end
-- It is asked to live on at most once an hour.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) - 3600000 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return 1

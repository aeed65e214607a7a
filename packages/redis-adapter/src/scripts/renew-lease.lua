#!lua
-- Prolongs a live lease of this owner and fence, counted from now.
-- KEYS  1 lock:{<key>}
-- ARGV  1 clock · 2 owner · 3 fence · 4 ttl in ms · 5 key's life after the lease, in ms
-- reply 1 renewed · 0 it is not, or no longer, this owner's live lease: nothing changed

-- include store

local now = store_now()
local row = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'until', 'run')
if row[1] ~= ARGV[2] or row[2] ~= ARGV[3] or now >= tonumber(row[3]) or row[4] ~= store_run() then return 0 end
redis.call('HSET', KEYS[1], 'until', digits(now + tonumber(ARGV[4])))
redis.call('PEXPIRE', KEYS[1], digits(tonumber(ARGV[4]) + tonumber(ARGV[5])))
return 1

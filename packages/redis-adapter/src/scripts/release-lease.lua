#!lua
-- Ends a live lease of this owner and fence. The row stays: its number is the last one granted.
-- KEYS  1 lock:{<key>}
-- ARGV  1 clock · 2 owner · 3 fence
-- reply 1 released · 0 it is not, or no longer, this owner's live lease: nothing changed

-- include store

local now = store_now()
local row = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'until', 'run')
if row[1] ~= ARGV[2] or row[2] ~= ARGV[3] or now >= tonumber(row[3]) or row[4] ~= store_run() then return 0 end
redis.call('HSET', KEYS[1], 'until', digits(now))
return 1

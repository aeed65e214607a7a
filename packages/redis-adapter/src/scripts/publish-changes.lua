#!lua
-- Numbers changes and publishes them in one message.
-- KEYS  1 feed:{<channel>}
-- ARGV  1 clock · 2 pub/sub channel · 3 how many changes · 4 the changes, a JSON list · 5 key's life in ms
-- reply the number of the last one
-- Numbers go on from the clock where the last one may have been lost: readers see a gap, never a number again.

-- include store

local run = store_run()
local row = redis.call('HMGET', KEYS[1], 'seq', 'run')
local last = tonumber(row[1] or '0')
if row[2] ~= run then last = math.max(last, store_micros()) end
local newest = last + tonumber(ARGV[3])
redis.call('HSET', KEYS[1], 'seq', digits(newest), 'run', run)
redis.call('PEXPIRE', KEYS[1], ARGV[5])
redis.call('PUBLISH', ARGV[2], digits(last + 1) .. ' ' .. ARGV[4])
return newest

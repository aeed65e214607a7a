#!lua
-- Grants a lease, or says until when another has it.
-- KEYS  1 lock:{<key>}
-- ARGV  1 clock
--       2 owner
--       3 ttl in ms
--       4 key's life after the lease, in ms
--       5 'epoch' when numbers come from a fence source, 'clock' when they start at the clock
--       6 a word of this call's own, never used before
--       7 the word under which an epoch was asked for, '' at first
--       8 the first number of that epoch, '' at first
-- reply {'granted', fence, until} · {'held', retry in ms} · {'ask', word}: fetch an epoch, then call again with 7 and 8
-- An epoch counts only while the word stands under which it was asked for: an epoch that was fetched before the row was
-- lost may be older than one granted and lost since.

-- include store

local now, run = store_now(), store_run()
local row = redis.call('HMGET', KEYS[1], 'owner', 'fence', 'until', 'run', 'asked')
local owner, last, deadline, asked = row[1], tonumber(row[2] or nil), tonumber(row[3] or nil), row[5]
-- What another run of the server wrote may lack its last grants.
local known = row[4] == run

local function grant(fence)
  local till = now + tonumber(ARGV[3])
  redis.call('HSET', KEYS[1], 'owner', ARGV[2], 'fence', digits(fence), 'until', digits(till), 'run', run)
  redis.call('PEXPIRE', KEYS[1], digits(tonumber(ARGV[3]) + tonumber(ARGV[4])))
  return { 'granted', fence, till }
end

if known and last and now < deadline then
  if owner ~= ARGV[2] then return { 'held', deadline - now } end
  return grant(last)
end

if known and last then return grant(last + 1) end
if ARGV[5] == 'clock' then return grant(math.max(store_micros(), (last or 0) + 1)) end
if known and asked and asked == ARGV[7] then return grant(tonumber(ARGV[8])) end
if not (known and asked) then
  asked = ARGV[6]
  redis.call('HSET', KEYS[1], 'run', run, 'asked', asked)
  redis.call('HDEL', KEYS[1], 'owner', 'fence', 'until')
  redis.call('PEXPIRE', KEYS[1], ARGV[4])
end
return { 'ask', asked }

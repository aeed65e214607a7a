#!lua
-- Puts the states of payments, each only if it is newer than what stands there.
-- KEYS  payment:status:<requestId>, one per payment
-- ARGV  1 clock (not read) · 2 life in ms · then for each key: version, status, message, document
-- reply how many were newer
-- What another run of the server wrote may be older than what clients have seen: it counts for nothing.

-- include store

local run = store_run()
local applied = 0
for i, key in ipairs(KEYS) do
  local at = 4 * i - 1
  local row = redis.call('HMGET', key, 'version', 'run')
  local present = row[2] == run and tonumber(row[1]) or 0
  if tonumber(ARGV[at]) > present then
    redis.call('HSET', key, 'version', ARGV[at], 'status', ARGV[at + 1], 'message', ARGV[at + 2], 'document', ARGV[at + 3], 'run', run)
    redis.call('PEXPIRE', key, ARGV[2])
    applied = applied + 1
  end
end
return applied

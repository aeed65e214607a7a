#!lua flags=no-writes
-- Reads the states of payments.
-- KEYS  payment:status:<requestId>, one per payment
-- ARGV  1 clock (not read)
-- reply for each key its document, or nil

local documents = {}
for i, key in ipairs(KEYS) do documents[i] = redis.call('HGET', key, 'document') end
return documents

#!lua flags=no-writes
-- Reads the states of payments.
-- KEYS  payment:status:<requestId>, one per payment
-- ARGV  1 clock (not read)
-- reply for each key its document; nil where there is none, or none of this run of the server (the record knows)

-- include store

local run = store_run()
local documents = {}
for i, key in ipairs(KEYS) do
  local row = redis.call('HMGET', key, 'document', 'run')
  documents[i] = row[2] == run and row[1]
end
return documents

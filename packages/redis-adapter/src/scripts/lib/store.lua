-- The injected clock of ARGV[1], or the server's own: milliseconds since 1970.
local function store_now()
  if ARGV[1] ~= '' then return tonumber(ARGV[1]) end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- Microseconds by the server's own clock, whatever is injected: where numbers start that may not come again.
local function store_micros()
  local time = redis.call('TIME')
  return time[1] * 1000000 + time[2]
end

-- The history that the server is writing: another one after a restart, after a failover (also back to a former master, whose
-- run_id would be an old one) and after the move of a slot. What was written in another may have lost its last writes.
-- Costs some 4 microseconds.
local function store_run()
  return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
end

-- An integer in full: Lua itself writes 1e14 and above with an exponent.
local function digits(number)
  return string.format('%.0f', number)
end

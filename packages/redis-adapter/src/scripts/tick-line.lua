#!lua
-- Ends what is due, admits, and reads. Any number of processes may run it at any rate.
-- KEYS  the ten keys of the line
-- ARGV  1 clock · 2 record
-- reply 'RECOVER' · the document (lib/document)

-- include store
-- include line
-- include meter
-- include places
-- include admission
-- include document

if not load_line() then return 'RECOVER' end
end_due()
admit()
save_line()

local hour = 3600000
if math.floor(now / hour) ~= line.keptHour then
  redis.call('HSET', line_key, 'keptHour', digits(math.floor(now / hour)))
  keep_line()
end

-- Member lists of an old epoch, some at a time: a line of "<lists> <name without its number>".
local per_tick = 500
local old = redis.call('LINDEX', old_key, 0)
if old then
  local count, name = string.match(old, '^(%d+) (.*)$')
  local last = tonumber(count)
  for nth = last, math.max(0, last - per_tick), -1 do redis.call('UNLINK', name .. digits(nth)) end
  if last > per_tick then
    redis.call('LSET', old_key, 0, digits(last - per_tick) .. ' ' .. name)
  else
    redis.call('LPOP', old_key)
  end
end
return document()

-- Frees some due holds, and names payments whose lease is over and that the record has not settled.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 at most so many of each
--       5 life of the keys in ms
-- reply nil: nothing of the schedule is installed · MessagePack values: version before, version after, news (see lib/seats.lua),
--       1 when more may be due, requestId …
-- As long as anybody reaps, the keys live: a sale that has ended leaves nothing.

-- include store
-- include seats
-- include seat-ends

on_demand(define_ends)
seats.open({ '*' })
if not seats.meta then return end
local limit, freed = tonumber(ARGV[4]), 0
if seats.meta[16] <= now then
  local names, fields, earliest = { unpack_row(seats.row('*')) }, {}, 9007199254740991
  for i, name in ipairs(names) do fields[i] = 's' .. name end
  seats.read(seats.state, fields, seats.rows)
  for _, name in ipairs(names) do
    local sec = seats.section(name)
    if sec.earliest <= now and freed < limit then freed = freed + seats.free_due(sec, limit - freed) end
    earliest = math.min(earliest, sec.earliest)
  end
  -- Here all sections are known: the bound is made anew.
  seats.meta[16], seats.moved = earliest, true
end
local text = seats.save()
-- They are asked to live on at most once an hour.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[5]) - 3600000 then
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[5]) end
end
local pins = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', digits(now), 'LIMIT', 0, limit)
return pack(seats.from, seats.version, text, freed >= limit and 1 or 0, unpack(pins))

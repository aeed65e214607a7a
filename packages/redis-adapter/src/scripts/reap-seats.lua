-- Frees some due holds, and names payments whose lease is over and that the record has not settled.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 at most so many holds · 5 at most so many
--       payments · 6 life of the keys in ms
-- reply nil: nothing of the schedule is installed · MessagePack values: version before, version after, news (see lib/seats.lua),
--       1 when more may be due, requestId …
-- As long as anybody reaps, the keys live: a sale that has ended leaves nothing.

-- include store
-- include seats
-- include seat-ends

on_demand(define_ends)
seats.open({ '*' })
if not seats.meta then return end
local most, freed, is_over = tonumber(ARGV[4]), 0, true

-- Sections from where the last call stopped, some at a time: in a storm only few of them are looked at.
local function free_some(names, start)
  local earliest = 9007199254740991
  for i = 0, #names - 1 do
    if i % 8 == 0 then
      local fields = {}
      for k = i, math.min(i + 7, #names - 1) do fields[#fields + 1] = 's' .. names[(start + k) % #names + 1] end
      seats.read(seats.state, fields, seats.rows)
    end
    local at = (start + i) % #names
    local sec = seats.section(names[at + 1])
    if sec.earliest <= now then freed = freed + seats.free_due(sec, most - freed) end
    if freed >= most then return nil, at end
    earliest = math.min(earliest, sec.earliest)
  end
  return earliest, 0
end

if seats.meta[16] <= now then
  local earliest, stopped = free_some({ unpack_row(seats.row('*')) }, seats.meta[17] or 0)
  seats.meta[17], seats.moved, is_over = stopped, true, earliest ~= nil
  -- Here all sections are known: the bound is made anew.
  if earliest then seats.meta[16] = earliest end
end
local text = seats.save()
-- They are asked to live on at most once an hour.
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[6]) - 3600000 then
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ARGV[6]) end
end
local pins = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', digits(now), 'LIMIT', 0, ARGV[5])
return pack(seats.from, seats.version, text, is_over and 0 or 1, unpack(pins))

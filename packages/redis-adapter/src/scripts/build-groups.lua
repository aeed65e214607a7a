#!lua
-- Writes members of the pre-queue into the lists of their groups, from the last number down to the first.
-- KEYS  the ten keys of the line
-- ARGV  1 clock (not read) · 2 record · 3 epoch · 4 the number to begin with · then the visitor of it and of each before it
-- reply the last number that is not in its list yet; nothing is written when that is not where it begins · 'unknown'

-- include store
-- include line

load_line()
if line.record ~= ARGV[2] or line.epoch ~= ARGV[3] then return 'unknown' end
if line.unbuilt ~= tonumber(ARGV[4]) then return line.unbuilt end

local number, at = line.unbuilt, 5
while at <= #ARGV do
  local bounds = bounds_of(number)
  local count = math.min(number - bounds.first + 1, #ARGV - at + 1)
  local list = group_list(bounds.group)
  redis.call('LPUSH', list, unpack(ARGV, at, at + count - 1))
  redis.call('PEXPIRE', list, list_life)
  number, at = number - count, at + count
end
redis.call('HSET', line_key, 'unbuilt', digits(number))
if number == 0 then
  for nth = 0, math.floor(line.tail / ranks_per_list) do redis.call('UNLINK', rank_list(nth)) end
end
return number

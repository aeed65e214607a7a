#!lua flags=no-writes
-- Reads who holds these ranks of the pre-queue.
-- KEYS  the ten keys of the line
-- ARGV  1 clock (not read) · 2 record · 3 epoch · then ranks (at most 1 000)
-- reply for each its visitor, or '' · 'unknown': no such line

-- include store
-- include line

load_line()
if line.record ~= ARGV[2] or line.epoch ~= ARGV[3] then return 'unknown' end

local visitors = {}
for i = 4, #ARGV do
  local rank = tonumber(ARGV[i])
  local nth = math.floor((rank - 1) / ranks_per_list)
  visitors[i - 3] = redis.call('LINDEX', rank_list(nth), digits(rank - 1 - nth * ranks_per_list)) or ''
end
return visitors

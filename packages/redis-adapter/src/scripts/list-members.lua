#!lua flags=no-writes
-- Reads members in number order.
-- KEYS  the ten keys of the line
-- ARGV  1 clock (not read) · 2 record · 3 epoch · 4 numbers after this one · 5 group, or '' for all · 6 at most so many
-- reply {number to go on after or '', group, number, visitor, …}; nothing to go on after: that was the last
--       {'unbuilt', draw}: the lists are to be built first · 'unknown': no such line

-- include store
-- include line

load_line()
if line.record ~= ARGV[2] or line.epoch ~= ARGV[3] or line.draw == '' then return 'unknown' end
if line.unbuilt > 0 then return { 'unbuilt', line.draw } end

local first, last = tonumber(ARGV[4]) + 1, line.tail

-- boundsOfGroup
if ARGV[5] ~= '' then
  local group, found = tonumber(ARGV[5]), nil
  for _, segment in ipairs(segments_of(line.segments)) do
    if segment.group <= group then found = segment end
  end
  local bounds = found and bounds_of(found.from + (group - found.group) * found.size)
  if not bounds or bounds.group ~= group then return { '' } end
  first, last = math.max(first, bounds.first), math.min(last, bounds.last)
end

local reply, most, lists = { '' }, tonumber(ARGV[6]), 2000
while first <= last do
  if #reply > 3 * most or lists == 0 then
    reply[1] = digits(first - 1)
    return reply
  end
  local bounds = bounds_of(first)
  local to = math.min(bounds.last, last, first + most - 1)
  for i, visitor in ipairs(redis.call('LRANGE', group_list(bounds.group), digits(first - bounds.first), digits(to - bounds.first))) do
    if visitor ~= '' then
      reply[#reply + 1] = bounds.group
      reply[#reply + 1] = first + i - 1
      reply[#reply + 1] = visitor
    end
  end
  first, lists = to + 1, lists - 1
end
return reply

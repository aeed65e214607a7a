-- Reads sections whole, or what changed after a version. Frees first what is due in them.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 version after which, -1 for the whole
--       5… sections
-- reply MessagePack values: 'missing', section … · 'delta', version, store's time, then entries of the log as they are there
--       (version before, version after, how many changes, news), the oldest first · 'snapshot', version, store's time, then name
--       and row of each section

-- include store
-- include seats
-- include seat-ends
-- include seat-log

local since, fields, missing = tonumber(ARGV[4]), {}, {}

on_demand(define_ends)
for i = 5, #ARGV do fields[i - 4] = 's' .. ARGV[i] end
seats.open(fields)
for i = 5, #ARGV do
  if not (seats.meta and seats.rows['s' .. ARGV[i]]) then missing[#missing + 1] = ARGV[i] end
end
if #missing > 0 then return pack('missing', unpack(missing)) end
for i = 5, seats.meta and seats.meta[16] <= now and #ARGV or 0 do seats.free_all_due(seats.section(ARGV[i])) end
if not seats.meta then return pack('snapshot', 0, now) end
seats.save()
local entries = since >= 0 and entries_after(since)
if entries then return pack('delta', seats.version, now) .. table.concat(entries) end
local pieces = { pack('snapshot', seats.version, now) }
for i = 5, #ARGV do
  local sec = seats.sections[ARGV[i]]
  pieces[#pieces + 1] = pack(ARGV[i])
  pieces[#pieces + 1] = sec and seats.section_row(sec) or seats.rows['s' .. ARGV[i]]
end
return table.concat(pieces)

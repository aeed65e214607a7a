-- Reads sections whole, or what changed after a version. Frees first what is due in them.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 version after which, -1 for the whole · 4… sections
-- reply MessagePack values: 'missing', section … · 'delta', version, store's time, then entries of the log as they are there
--       (version before, version after, how many changes, news), the oldest first · 'snapshot', version, store's time, then name
--       and row of each section

-- include store
-- include seats
-- include seat-ends

local since, fields, missing = tonumber(ARGV[3]), {}, {}

-- Entries of the log after `since`, or nothing where some of those are no longer in it, or more than 4 096 changes.
local function entries_after()
  if since < seats.meta[3] or since > seats.version then return end
  local newest_first, entries, changes, last, over = {}, {}, 0, -1, false
  repeat
    local list = redis.call('LRANGE', KEYS[5], last - 63, last)
    for i = #list, 1, -1 do
      local _, after, count = unpack_row(list[i])
      over = over or after <= since
      if not over then
        changes = changes + count
        newest_first[#newest_first + 1] = list[i]
      end
    end
    if changes > 4096 then return end
    last = last - 64
  until over or #list < 64
  for i = #newest_first, 1, -1 do entries[#entries + 1] = newest_first[i] end
  return entries
end

on_demand(define_ends)
for i = 4, #ARGV do fields[i - 3] = 's' .. ARGV[i] end
seats.open(fields)
for i = 4, #ARGV do
  if not (seats.meta and seats.rows['s' .. ARGV[i]]) then missing[#missing + 1] = ARGV[i] end
end
if #missing > 0 then return pack('missing', unpack(missing)) end
for i = 4, seats.meta and seats.meta[16] <= now and #ARGV or 0 do seats.free_all_due(seats.section(ARGV[i])) end
if not seats.meta then return pack('snapshot', 0, now) end
seats.save()
local entries = since >= 0 and entries_after()
if entries then return pack('delta', seats.version, now) .. table.concat(entries) end
local pieces = { pack('snapshot', seats.version, now) }
for i = 4, #ARGV do
  local sec = seats.sections[ARGV[i]]
  pieces[#pieces + 1] = pack(ARGV[i])
  pieces[#pieces + 1] = sec and seats.section_row(sec) or seats.rows['s' .. ARGV[i]]
end
return table.concat(pieces)

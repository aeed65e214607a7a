-- Reads sections whole, or what changed after a version. Frees first what is due in them.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 version after which, -1 for the whole
--       5 rows of sections, a blank between: s<section>
-- reply MessagePack values: 'missing', section … · 'delta', version, store's time, then entries of the log as they are there
--       (version before, version after, how many changes, news), the oldest first · 'snapshot', version, store's time, then the row
--       of each section

-- include store
-- include seats
-- include seat-ends
-- include seat-log

local since, wanted = tonumber(ARGV[4]), ARGV[5]
local first = redis.call('HMGET', seats.state, '', 'm')
seats.begin(first[1])

-- The map as it was last read, as long as nothing has changed.
if seats.meta and since < 0 and first[2] and seats.meta[16] > now and not seats.looked then
  local version, names, rows = unpack_row(first[2])
  if version == seats.version and names == wanted then return pack('snapshot', version, now) .. rows end
end

local fields, rows, missing = {}, {}, {}
for field in string.gmatch(wanted, '%S+') do fields[#fields + 1] = field end
if seats.meta then seats.read(seats.state, fields, seats.rows) end
for i, field in ipairs(fields) do
  rows[i] = seats.rows[field]
  if not rows[i] then missing[#missing + 1] = string.sub(field, 2) end
end
if #missing > 0 then return pack('missing', unpack(missing)) end
if not seats.meta then return pack('snapshot', 0, now) end

if seats.meta[16] <= now then
  on_demand(define_ends)
  for _, field in ipairs(fields) do seats.free_all_due(seats.section(string.sub(field, 2))) end
  seats.save()
  for i, field in ipairs(fields) do rows[i] = seats.section_row(seats.section(string.sub(field, 2))) end
end
local entries = since >= 0 and entries_after(since)
if entries then return pack('delta', seats.version, now) .. table.concat(entries) end
local text = table.concat(rows)
-- So that the next reader has it, and need not look whose run this is; without memory he does.
redis.pcall('HSET', seats.state, '', pack(unpack(seats.meta)), 'm', pack(seats.version, wanted, text))
return pack('snapshot', seats.version, now) .. text

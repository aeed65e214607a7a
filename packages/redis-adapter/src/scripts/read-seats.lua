-- Reads sections whole, or what changed after a version. Frees first what is due in them.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 version after which, -1 for the whole
--       5 rows of sections, a blank between: s<section>
-- reply two texts of MessagePack values: 'missing', section … and nothing · 'delta', version, store's time, and entries of the log
--       as they are there (version before, version after, how many changes, news), the oldest first · 'snapshot', version, store's
--       time, and the row of each section

-- include store

local since, wanted = tonumber(ARGV[4]), ARGV[5]

-- The map as it was last read whole, where nothing has changed since, nothing is due, and whose run this is was looked at just now
-- (see seats.begin): what most readers want, before anything is defined.
local function unchanged()
  local kept = redis.call('HMGET', KEYS[1], '', 'n', 'm')
  if since >= 0 or not (kept[1] and kept[2]) then return end
  local meta, now = { cmsgpack.unpack(kept[1]) }, store_now()
  if meta[14] ~= ARGV[2] or now < meta[13] or now - meta[13] >= 10 or meta[16] <= now then return end
  local version, names = cmsgpack.unpack(kept[2])
  if version == meta[2] and names == wanted then return { cmsgpack.pack('snapshot', version, now), kept[3] } end
end
local reply = unchanged()
if reply then return reply end

-- include seats
-- include seat-ends
-- include seat-log

local fields, rows, missing = {}, {}, {}
for field in string.gmatch(wanted, '%S+') do fields[#fields + 1] = field end
seats.open({ unpack(fields) })
for i, field in ipairs(fields) do
  rows[i] = seats.meta and seats.rows[field]
  if not rows[i] then missing[#missing + 1] = string.sub(field, 2) end
end
if #missing > 0 then return { pack('missing', unpack(missing)), '' } end
if not seats.meta then return { pack('snapshot', 0, now), '' } end

if seats.meta[16] <= now then
  on_demand(define_ends)
  for _, field in ipairs(fields) do seats.free_all_due(seats.section(string.sub(field, 2))) end
  seats.save()
  for i, field in ipairs(fields) do rows[i] = seats.section_row(seats.section(string.sub(field, 2))) end
end
local entries = since >= 0 and entries_after(since)
if entries then return { pack('delta', seats.version, now), table.concat(entries) } end
local text = table.concat(rows)
-- For the next reader; without memory he does the same again.
redis.pcall('HSET', seats.state, '', pack(unpack(seats.meta)), 'n', pack(seats.version, wanted), 'm', text)
return { pack('snapshot', seats.version, now), text }

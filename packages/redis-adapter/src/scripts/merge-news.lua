-- Puts news of parts into the history of the whole map: a shard that has nothing but versions, the log, and how far each part is
-- merged. News come in the order of their part, each once, whoever brings them.
-- KEYS  see lib/seats.lua; rows m<section>: version of the part that is merged, version here of its last change
-- ARGV  1 clock · 2 id of the record, or '' · 3 'map' · 4 version after which the history is told, or -1: since this call
--       5… MessagePack values each: section, and what it has to tell: version before, version after, changes, version of its last
--          change, news. With -1 as version before: its news are lost, the history goes on from here
-- reply nil: nothing is known · MessagePack values: version before, version after, store's time, sections (an array), for each
--       section that was named an array (version of the part that is merged, version here of its last change; empty: it is not
--       known), 1 when the history follows, and its entries (see read-seats.lua)

-- include store
-- include seats
-- include seat-log
-- include seat-birth

local since, given, fields = tonumber(ARGV[4]), {}, { '*' }
for i = 5, #ARGV do
  given[i - 4] = { unpack_row(ARGV[i]) }
  fields[#fields + 1] = 'm' .. given[i - 4][1]
end
seats.open(fields)
if not seats.meta then return end

local merged, lost = {}, false
local function position(name)
  local row = seats.rows['m' .. name]
  if merged[name] == nil then merged[name] = row and { unpack_row(row) } or {} end
  return merged[name]
end

local function merge(name, from, to, told, last, news)
  local at = position(name)
  if from < 0 and at[1] and at[1] < to then
    seats.version = seats.version + 1
    at[1], at[2], at.dirty, lost = to, seats.version, true, true
  end
  if at[1] ~= from then return end
  if last > from then at[2] = seats.version + last - from end
  at[1], at.dirty = to, true
  seats.version, seats.told = seats.version + to - from, seats.told + told
  seats.news[#seats.news + 1] = news
end

for _, one in ipairs(given) do
  if one[2] then merge(unpack(one)) end
end
for name, at in pairs(merged) do
  if at.dirty then
    seats.fields[#seats.fields + 1] = 'm' .. name
    seats.fields[#seats.fields + 1] = pack(at[1], at[2])
  end
end
if lost then cut_log() end
seats.save()

local positions = {}
for i, one in ipairs(given) do
  local at = position(one[1])
  positions[i] = { at[1], at[2] }
end
if since < 0 then since = seats.from end
local entries = entries_after(since)
local names = seats.row('*') and { unpack_row(seats.row('*')) } or {}
return pack(seats.from, seats.version, now, names, positions, entries and 1 or 0) .. (entries and table.concat(entries) or '')

-- Begins the history of a map, and takes parts into it.
-- KEYS  see merge-news.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 'map' · 4 incarnation · 5 life of the keys in ms
--       6… parts that are installed, MessagePack values each: section, its version, 1 when it was not there before
-- reply 0 this loader is late · 1

-- include store
-- include seats
-- include seat-log
-- include seat-birth

seats.open({ '*' })
local incarnation = tonumber(ARGV[4])
if is_late(incarnation) then return 0 end
if not seats.meta or #ARGV > 5 then begin(incarnation) end
local names, known = seats.row('*') and { unpack_row(seats.row('*')) } or {}, {}
for _, name in ipairs(names) do known[name] = true end
for i = 6, #ARGV do
  local name, version, is_new = unpack_row(ARGV[i])
  if is_new == 1 or not known[name] then
    if not known[name] then names[#names + 1] = name end
    seats.version = seats.version + 1
    seats.fields[#seats.fields + 1] = 'm' .. name
    seats.fields[#seats.fields + 1] = pack(version, seats.version)
  end
end
if #names > 0 then
  seats.fields[#seats.fields + 1] = '*'
  seats.fields[#seats.fields + 1] = pack(unpack(names))
end
if #ARGV > 5 then cut_log() end
seats.save()
live_on(ARGV[5])
return 1

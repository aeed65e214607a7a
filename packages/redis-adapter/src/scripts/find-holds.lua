-- Finds live and pinned holds. Frees first what is due of the holders that are met.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · then alternating 'holder', 'holdId' or 'requestId' and its value
-- reply nil: nothing of the schedule is installed · MessagePack values, for each key an array that alternates holdId and row

-- include store
-- include seats
-- include seat-ends

local initial, fields = { holder = 'v', holdId = 'h', requestId = 'p' }, {}
for i = 4, #ARGV, 2 do fields[#fields + 1] = initial[ARGV[i]] .. ARGV[i + 1] end
on_demand(define_ends)
seats.open(fields)
if not seats.meta then return end

local function ids_of(what, value)
  if what == 'holdId' then return { value } end
  if what == 'requestId' then
    local pin = seats.row('p' .. value)
    return pin and { (unpack_row(pin)) } or {}
  end
  return { select(4, unpack(seats.holder(value))) }
end

local lists = {}
for i = 4, #ARGV, 2 do
  local list = {}
  for _, id in ipairs(ids_of(ARGV[i], ARGV[i + 1])) do
    local one = seats.hold(id)
    if one then seats.expire(seats.holder(one.holder), 1e9) end
    one = seats.hold(id)
    -- At home: version 0 is only being taken.
    if one and one.version > 0 then
      list[#list + 1] = id
      list[#list + 1] = seats.hold_row(one)
    end
  end
  lists[#lists + 1] = pack(list)
end
seats.save()
return table.concat(lists)

-- Reads whose the seats of a section are. Frees first what is due in it.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 section
-- reply nil: it is not installed · MessagePack values, an array for each owned seat: seat, state (1 PAYING, 2 COMPLETED),
--       requestId, version of the record or -1

-- include store
-- include seats
-- include seat-ends
-- include seat-owners

define_ends()
define_owners()
seats.open({ 's' .. ARGV[4] })
local sec = seats.meta and seats.section(ARGV[4])
if not sec then return end
seats.free_all_due(sec)
seats.save()
local owned, list = seats.seats_with(sec, { [1] = true, [2] = true }), {}
seats.fetch_owners(sec, owned, 1)
for _, seat in ipairs(owned) do
  local one = seats.owner(sec, seat)
  if one[1] == 1 or one[1] == 2 then list[#list + 1] = pack({ seat, one[1], one[2], one[4] }) end
end
return table.concat(list)

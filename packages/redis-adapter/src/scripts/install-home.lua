-- Installs what the record knows of the visitors of a home: what is there stays. See lib/seat-home.lua.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 'home' · 4 incarnation · 5 life of the keys in ms
--       6… MessagePack values each: 'claim', section, seat, state (1 PAYING, 2 COMPLETED), requestId, holder, record version ·
--          'hold', holdId, version, created at, expires at, holder, epoch, parts, document, mark
-- reply nothing

-- include store
-- include seats
-- include seat-ends
-- include seat-owners
-- include seat-birth

define_ends()
define_owners()
seats.open({ 's' })
if is_late(tonumber(ARGV[4])) then return end
if not seats.meta then
  begin(tonumber(ARGV[4]))
  -- All deadlines of a home stand under one section that has no seats.
  local none = { name = '', rank = 1, count = 0, version = 0, earliest = 9007199254740991, codes = '', bytes = {}, due = {}, dirty = false }
  seats.sections[''] = none
  seats.touch_section(none)
  seats.fields = { '*', pack('') }
end
begin(tonumber(ARGV[4]))

local function claim(section, seat, state, request, holder, version)
  local sec = seats.section(section)
  if seats.owner(sec, seat)[5] >= version then return end
  seats.put_owner(sec, seat, state, request, holder, version, seats.PAYMENT)
  seats.heard(sec, seat, version)
end

local function restore(id, version, created, expires, holder, epoch, parts, document, mark)
  if expires <= now or seats.hold(id) then return end
  local one = { id = id, version = version, created = created, expires = expires, holder = holder, epoch = epoch, request = '',
    parts = parts, document = document, mark = mark, replaces = '', dirty = false }
  seats.holds[id] = one
  seats.touch_hold(one)
  seats.enter_deadlines(one)
  for _, part in ipairs({ unpack_row(parts) }) do seats.count_owned(holder, #part - 1) end
  local who = seats.holder(holder)
  who[#who + 1] = id
  seats.touch_holder(who)
end

for i = 6, #ARGV do
  local row = { unpack_row(ARGV[i]) }
  if row[1] == 'claim' then claim(unpack(row, 2)) else restore(unpack(row, 2)) end
end
seats.save()
live_on(ARGV[5])

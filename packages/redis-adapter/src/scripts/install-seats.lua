-- Installs sections from the record, where they are absent: what is present stays, whatever the incarnation.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua) · 4 incarnation · 5 life of the keys in ms
--       6… a section each, MessagePack values: name, count (-1: it is not to be installed), blocked [seat, record version] …, claims [seat, state (1 PAYING,
--          2 COMPLETED), requestId, holder, record version] …, holds [holdId, version,
--          created at, expires at, holder, epoch, parts, document] …, each of the three an array
-- reply nil: the schedule is sharded by section (see declare-shards.lua), nothing changed · for each section 1 installed · 0 present;
--       of a part MessagePack values instead: that, version, mark of each hold that is there

-- include store
-- include seats
-- include seat-ends
-- include seat-owners
-- include seat-birth

if ARGV[3] == '' and redis.call('HGET', KEYS[1], 'by-section') == ARGV[2] then return end
define_ends()
define_owners()
local incarnation, states, fields, replies = tonumber(ARGV[4]), {}, { '*' }, {}
for i = 6, #ARGV do
  local name, count, blocked, claims, holds = unpack_row(ARGV[i])
  states[i - 5] = { name = name, count = count, blocked = blocked, claims = claims, holds = holds }
  fields[#fields + 1] = 's' .. name
  replies[i - 5] = 0
end
seats.open(fields)
local function answer()
  if not is_part then return replies end
  local sec, marks = seats.meta and seats.section(states[1].name), {}
  for i, found in ipairs(sec and seats.holds_in(sec) or {}) do marks[i] = found.hold.id end
  return pack(replies[1], sec and seats.version or -1, unpack(marks))
end
if is_late(incarnation) then return answer() end

local names = seats.row('*') and { unpack_row(seats.row('*')) } or {}
local absent = {}
for i, one in ipairs(states) do
  if not seats.section(one.name) and one.count >= 0 then
    absent[#absent + 1] = one
    replies[i] = 1
  end
end
if #absent == 0 then return answer() end

local function create(state)
  names[#names + 1] = state.name
  seats.version = seats.version + 1
  local sec = { name = state.name, rank = #names, count = state.count, version = seats.version,
    earliest = 9007199254740991, codes = string.rep('\0', math.ceil(state.count / 4)), bytes = {}, due = {}, dirty = false }
  seats.sections[state.name] = sec
  seats.touch_section(sec)
  local owned = {}
  for _, block in ipairs(state.blocked) do owned[#owned + 1] = block[1] end
  for _, claim in ipairs(state.claims) do owned[#owned + 1] = claim[1] end
  seats.fetch_owners(sec, owned, 1)
  for _, block in ipairs(state.blocked) do
    seats.put_owner(sec, block[1], 3, '', '', -1, seats.ADMIN)
    seats.heard(sec, block[1], block[2])
  end
  for _, claim in ipairs(state.claims) do
    seats.put_owner(sec, claim[1], claim[2], claim[3], claim[4], claim[5], seats.PAYMENT)
    seats.heard(sec, claim[1], claim[5])
  end
end

local function is_free(parts)
  for _, part in ipairs(parts) do
    local sec = seats.section(part[1])
    for i = 2, #part do
      if not sec or part[i] >= sec.count or seats.code_at(sec, part[i]) ~= 0 then return false end
    end
  end
  return true
end

-- Holds that lost a seat, or whose sections are not all there, are left out.
local function restore(id, version, created, expires, holder, epoch, parts, document)
  local list = { unpack_row(parts) }
  if expires <= now or seats.hold(id) or not is_free(list) then return end
  local one = { id = id, version = version, created = created, expires = expires, holder = holder, epoch = epoch, request = '',
    parts = parts, document = document, dirty = false }
  for _, part in ipairs(list) do
    seats.set_codes(seats.section(part[1]), part, 2, 1)
    seats.count_owned(holder, #part - 1)
  end
  seats.holds[id] = one
  seats.touch_hold(one)
  seats.enter_deadlines(one)
  if is_part then return end
  local who = seats.holder(holder)
  who[#who + 1] = id
end

begin(incarnation)
for _, one in ipairs(absent) do create(one) end
for _, one in ipairs(absent) do
  for _, saved in ipairs(one.holds) do restore(unpack(saved)) end
end

seats.fields = { '*', pack(unpack(names)) }
cut_log()
seats.save()
live_on(ARGV[5])
return answer()

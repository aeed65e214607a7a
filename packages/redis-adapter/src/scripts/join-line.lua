#!lua
-- Gives numbers (before the opening: ranks) in the order of the joins, once a visitor; admits directly while it may.
-- KEYS  the ten keys of the line
-- ARGV  1 clock · 2 record · 3 epoch · 4 for each join (at most 256) "<visitor> <tag of its operation> "
--       then for each ticket that was shown: which join (from 1), n<number> or r<rank>
-- reply 'RECOVER' · 'epoch-over' · {a letter for each join, first new number, end of new passes, then what is not new}
--       N new number · R new rank · A new and admitted: consecutive from the first · n number · r rank · a admitted: each adds
--       its number to the reply, and `a` the pass's end · c closed · x ceiling

-- include store
-- include line
-- include meter
-- include places
-- include admission
-- include members

if not load_line() then return 'RECOVER' end
if line.epoch ~= ARGV[3] then return 'epoch-over' end
end_due()
move_meter()

local has_numbers = line.draw ~= ''
local first_new, members, letters = line.tail + 1, {}, {}
local reply = { '', first_new, pass_until() }

local visitors, tags, tickets, count = {}, {}, {}, 0
for visitor, tag in string.gmatch(ARGV[4], '(%S+) (%S+)') do
  count = count + 1
  visitors[count], tags[count] = visitor, tag
end
for i = 5, #ARGV, 2 do tickets[tonumber(ARGV[i])] = ARGV[i + 1] end

-- The one-place index: "[r]<number>:<tag of the join>", r for a rank.
local index, written, fields = {}, {}, 0
local entries = redis.call('HMGET', index_key, unpack(visitors))
for i = 1, count do
  if entries[i] then index[visitors[i]] = entries[i] end
end

local function known_place(visitor)
  local ranked, at, tag = string.match(index[visitor] or '', '^(r?)(%d+):(.*)$')
  return at and { at = tonumber(at), ranked = ranked == 'r', tag = tag }
end

local entry = has_numbers and '%d:%s' or 'r%d:%s'
local function set_index(visitor, at, tag)
  local text = string.format(entry, at, tag)
  index[visitor] = text
  written[fields + 1], written[fields + 2] = visitor, text
  fields = fields + 2
end

-- A place proven by its ticket is the visitor's, unless it is known to have ended (core: restore).
local function restore(visitor, tag, ticket)
  local kind, number = string.match(ticket, '^([nr])(%d+)$')
  local at = tonumber(number)
  if not at or (kind == 'n') ~= has_numbers or at < 1 or at > line.tail then return end
  local known = known_place(visitor)
  local outdated = known and known.ranked == has_numbers
  if known and known.at == at and not outdated then return end
  if ended[state_of(at)] and not outdated then return end
  if known and not outdated then
    local state = state_of(known.at)
    if not ended[state] then end_place(known.at, state, 'x') end
  end
  set_index(visitor, at, outdated and known.tag or tag)
  -- A number of this very step is not in its list yet.
  if at < first_new then set_member(at, visitor) else members[at - first_new + 1] = visitor end
end

-- A visitor who has been here before: their letter, or nil for one who may have a new place.
local function return_of(visitor, tag)
  local known = known_place(visitor)
  local state = state_of(known.at)
  local outdated = known.ranked and has_numbers
  if not outdated and ended[state] and known.tag ~= tag then return nil end
  reply[#reply + 1] = known.at
  if known.ranked then return 'r' end
  if state ~= 'active' then return 'n' end
  reply[#reply + 1] = tonumber(redis.call('ZSCORE', passes_key, digits(known.at)))
  return 'a'
end

local group = { last = 0 }
local waits = has_numbers and 'N' or 'R'

-- issue
local function issue(visitor, tag)
  local direct = line.waiting == 0 and admits_directly()
  local number = line.tail + 1
  line.tail, line.waiting, line.counter = number, line.waiting + 1, line.counter + 1
  if number > group.last then
    group = bounds_of(number)
    if group.first == number then line.tailSince = now end
  end
  set_index(visitor, number, tag)
  members[number - first_new + 1] = visitor
  if not direct then return waits end
  activate(number, 'waiting', pass_until())
  line.through = number
  spend(1)
  return 'A'
end

local function join(visitor, tag, ticket)
  if line.state == 'ended' then return 'c' end
  if ticket then restore(visitor, tag, ticket) end
  local letter = index[visitor] and return_of(visitor, tag)
  if letter then return letter end
  if line.state == 'draining' then return 'c' end
  if line.tail >= line.ceiling then return 'x' end
  return issue(visitor, tag)
end

for i = 1, count do letters[i] = join(visitors[i], tags[i], tickets[i]) end
reply[1] = table.concat(letters)

if #members > 0 then add_members(first_new, members) end
if fields > 0 then redis.call('HSET', index_key, unpack(written)) end
save_line()
return reply

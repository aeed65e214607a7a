-- Judges and applies commands on seats, in order, each all or nothing.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua); for 'home' and 'part' other commands stand
--       in lib/seat-home.lua and lib/seat-part.lua
--       4… a command each, MessagePack values: do, operationId, fingerprint or '', then
--          take     holdId, holder, ttl, not after, quota, parts, row of the hold from its holder on, fingerprint, memo or false
--                   and holdId as a row, replaced holdId or '', its version, 0
--          release  holdId, version, holder
--          extend   holdId, version, holder, ttl, not after
--          pin      holdId, version, holder, requestId, lease in ms
--          unpin    requestId
--          project  part, state (0 AVAILABLE, 1 PAYING, 2 COMPLETED, 3 BLOCKED), requestId or '' (a block), holder or '',
--                   version of the record
--          grow     section, how many seats exist by now
--          reset    epoch
--          recall   –
-- reply MessagePack values: version before, version after, store's time, news (see lib/seats.lua), an array with an answer for
--       each command, then the name and row of each installed section that was named. An answer is a number: a hold just as asked,
--       and its version; or an array: hold, repeated, holdId, memo or false, row of the hold … · done · taken, part … ·
--       quota, owned · cooldown, ms · late · stale · paying, requestId · reused · missing, section …

-- include store
-- include seats
-- include seat-ends
-- include seat-owners
-- include seat-changes
-- include seat-home
-- include seat-part

local commands, replies, known_answers, sections = {}, {}, {}, {}

-- The sections a command names, each as an array that begins with its name.
local none = {}
local function parts_of(command)
  local what = command[1]
  if is_home then return none end
  if what == 'take' then return command[9] end
  if what == 'project' then return command[4] end
  return (what == 'grow' or what == 'look') and { { command[4] } } or none
end

-- Reads in two or three commands what all of the batch will ask for, and frees what is due where it looks.
local function read_ahead()
  local fields, operations, who, asked = {}, {}, {}, {}
  for i = 4, #ARGV do
    local command = { unpack_row(ARGV[i]) }
    local what = command[1]
    commands[i - 3] = command
    operations[i - 3] = command[2]
    if what == 'take' then
      -- The last is kept free for the text of the parts.
      command[14] = command[9]
      command[9] = { unpack_row(command[9]) }
      if not is_part then
        fields[#fields + 1] = 'v' .. command[5]
        who[#who + 1] = command[5]
      end
      if (command[12] or '') ~= '' then asked[#asked + 1] = command[12] end
    elseif is_part and (what == 'release' or what == 'extend' or what == 'pin') then
      asked[#asked + 1] = command[4]
    elseif what == 'release' or what == 'extend' or what == 'pin' then
      fields[#fields + 1] = 'v' .. command[6]
      asked[#asked + 1] = command[4]
    elseif what == 'project' then
      command[4] = { unpack_row(command[4]) }
    end
    local parts = parts_of(command)
    for k = 1, #parts do
      local name = parts[k][1]
      if not sections[name] then
        sections[name] = true
        sections[#sections + 1] = name
        fields[#fields + 1] = 's' .. name
      end
    end
  end
  for _, id in ipairs(asked) do fields[#fields + 1] = 'h' .. id end
  seats.open(fields)
  local meta = seats.meta
  if not meta then return end
  seats.read(KEYS[6 + meta[8]], operations, known_answers)
  if meta[11] == 1 then
    local older = {}
    seats.read(KEYS[7 - meta[8]], operations, older)
    for operation, answer in pairs(older) do known_answers[operation] = known_answers[operation] or answer end
  end
  local more = {}
  for _, id in ipairs(who) do
    local one = seats.rows['v' .. id] and seats.holder(id)
    for i = 4, one and #one or 0 do more[#more + 1] = 'h' .. one[i] end
  end
  seats.read(seats.state, more, seats.rows)
  for _, name in ipairs(sections) do
    local sec = seats.section(name)
    if sec and sec.earliest <= now then seats.free_all_due(sec) end
  end
  for _, id in ipairs(asked) do
    local one = seats.hold(id)
    if one and is_home then seats.expire(seats.holder(one.holder), 1e9) end
    for _, part in ipairs(one and { unpack_row(one.parts) } or {}) do seats.free_all_due(seats.section(part[1])) end
  end
end

local function remember(operation, answer)
  if operation == '' then return end
  known_answers[operation] = answer
  seats.answers[#seats.answers + 1] = operation
  seats.answers[#seats.answers + 1] = answer
end

-- What is taken of the seats that are asked for; nil: nothing.
local function taken_of(parts, own)
  local taken
  for k = 1, #parts do
    local part = parts[k]
    local sec, list = seats.section(part[1]), nil
    local bytes, codes, unit = sec.bytes, sec.codes, seats.unit
    for i = 2, #part do
      local seat = part[i]
      local place = seat % 4
      local at = (seat - place) / 4
      local byte = bytes[at] or string.byte(codes, at + 1) or 0
      local one = unit[place]
      if seat >= sec.count or ((byte - byte % one) / one % 4 ~= 0 and not (own and own[part[1] .. '/' .. seat])) then
        list = list or { part[1] }
        list[#list + 1] = seat
      end
    end
    if list then
      taken = taken or { 'taken' }
      taken[#taken + 1] = list
    end
  end
  return taken
end

local function seats_in(parts)
  local sum = 0
  for i = 1, #parts do sum = sum + #parts[i] - 1 end
  return sum
end

-- Why somebody who is known does not get so many seats, or what he already has; else himself, the hold he gives for them, and
-- its seats.
local function judge(command, expires, count)
  local who = seats.holder(command[5])
  if #who > 3 then
    local same = seats.same_hold(who, command)
    if same then return same end
  end
  if expires <= now then return { 'late' } end
  local replaced, own = nil, nil
  if command[12] ~= '' then
    local refusal
    replaced, own, refusal = seats.replaced_by(command)
    if refusal then return refusal end
  end
  if who[3] > now then return { 'cooldown', who[3] - now } end
  local kept = who[1] - (replaced and seats_in({ unpack_row(replaced.parts) }) or 0)
  if kept + count > command[8] then return { 'quota', who[1] } end
  return nil, who, replaced, own
end

local function take(command)
  local id, ttl, parts, holder = command[4], command[6], command[9], 'v' .. command[5]
  -- Core's `holdDeadline`.
  local expires, count = math.min(now + ttl, command[7]), seats_in(parts)
  local who, replaced, own, refusal
  -- Most are not known yet.
  if seats.rows[holder] or seats.holders[command[5]] or command[12] ~= '' then
    refusal, who, replaced, own = judge(command, expires, count)
  elseif expires <= now then
    refusal = { 'late' }
  elseif count > command[8] then
    refusal = { 'quota', 0 }
  end
  refusal = refusal or taken_of(parts, own)
  if refusal then return refusal end
  if replaced then seats.end_hold(replaced, seats.USER) end

  local version, rows, fields = seats.version + 1, seats.rows, seats.fields
  seats.version = version
  for i = 1, #parts do
    local sec = seats.section(parts[i][1])
    seats.set_codes(sec, parts[i], 2, 1)
    seats.enter_deadline(sec, expires, id)
  end
  -- 127: the hold's own version; 4: RESERVED by USER.
  seats.news[#seats.news + 1] = '\127\4' .. command[14]
  local row, field, at = pack(version, now, expires) .. command[10], 'h' .. id, #fields
  rows[field], seats.holds[id] = row, nil
  fields[at + 1], fields[at + 2] = field, row
  if who then
    who[1] = who[1] + count
    who[#who + 1] = id
    if not who.dirty then seats.touch_holder(who) end
  else
    rows[holder] = pack(count, 0, 0, id)
    fields[at + 3], fields[at + 4] = holder, rows[holder]
  end
  -- Core's `operationsKeptMs`.
  local meta = seats.meta
  if meta[10] < 3 * ttl + 3600000 then meta[10] = 3 * ttl + 3600000 end
  remember(command[2], command[11] .. row)
  return version
end

local function define_commands()
  define_ends()
  define_owners()
  define_changes(remember)
  if is_home then define_home(known_answers, remember) end
  if is_part then define_part(taken_of) end
end

local function missing_of(command)
  local missing, parts = nil, parts_of(command)
  for k = 1, #parts do
    if not (seats.meta and seats.section(parts[k][1])) then
      missing = missing or { 'missing' }
      missing[#missing + 1] = parts[k][1]
    end
  end
  return missing or not seats.meta and { 'missing' } or nil
end

-- Two generations of answers: what is older than both is forgotten whole.
local function turn_generations(meta)
  if now - meta[9] < meta[10] then return end
  meta[8], meta[9], meta[11], seats.turned = 1 - meta[8], now, 1, true
end

if ARGV[3] == '' then
  on_demand(define_commands)
  seats.take = take
else
  define_commands()
end
read_ahead()
for i = 1, #commands do
  local command = commands[i]
  local answer = known_answers[command[2]]
  replies[i] = missing_of(command) or (answer and seats.recall_answer(answer, command[3])) or seats[command[1]](command)
end
if #seats.answers > 0 then turn_generations(seats.meta) end
local text = seats.save()
local pieces = { pack(seats.from, seats.version, now, text, replies) }
for _, name in ipairs(seats.meta and sections or {}) do
  local sec = seats.section(name)
  if sec then pieces[#pieces + 1] = pack(name) .. seats.section_row(sec) end
end
return table.concat(pieces)

-- Judges and applies commands on seats, in order, each all or nothing.
-- KEYS  see lib/seats.lua
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is (see lib/seats.lua); for 'home' and 'part' other commands stand
--       in lib/seat-home.lua and lib/seat-part.lua
--       4… a command each, MessagePack values: do, operationId, fingerprint or '', then
--          take     holdId, holder, ttl, not after, quota, parts, row of the hold from its holder on, fingerprint, memo or false
--                   and holdId as a row, replaced holdId or '', its version
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
-- include seat-home
-- include seat-part

local commands, replies, known_answers, sections = {}, {}, {}, {}

-- The sections a command names, each as an array that begins with its name.
local function parts_of(command)
  local what = command[1]
  if is_home then return {} end
  if what == 'take' or what == 'project' then return command[what == 'take' and 9 or 4] end
  return (what == 'grow' or what == 'look') and { { command[4] } } or {}
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
      command[9] = { text = command[9], unpack_row(command[9]) }
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
    for _, part in ipairs(parts_of(command)) do
      if not sections[part[1]] then
        sections[part[1]] = true
        sections[#sections + 1] = part[1]
        fields[#fields + 1] = 's' .. part[1]
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

local function taken_of(parts, own)
  local taken = {}
  for _, part in ipairs(parts) do
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
    if list then taken[#taken + 1] = list end
  end
  return taken
end

local function seats_in(parts)
  local sum = 0
  for i = 1, #parts do sum = sum + #parts[i] - 1 end
  return sum
end

local function take(command)
  local id, ttl, not_after, quota, parts, tail = command[4], command[6], command[7], command[8], command[9], command[10]
  local who = seats.holder(command[5])
  if #who > 3 then
    local same = seats.same_hold(who, command)
    if same then return same end
  end
  -- Core's `holdDeadline`.
  local expires = math.min(now + ttl, not_after)
  if expires <= now then return { 'late' } end
  local replaced, own = nil, nil
  if command[12] ~= '' then
    local refusal
    replaced, own, refusal = seats.replaced_by(command)
    if refusal then return refusal end
  end
  if who[3] > now then return { 'cooldown', who[3] - now } end
  local count = seats_in(parts)
  local kept = who[1] - (replaced and seats_in({ unpack_row(replaced.parts) }) or 0)
  if kept + count > quota then return { 'quota', who[1] } end
  local taken = taken_of(parts, own)
  if #taken > 0 then return { 'taken', unpack(taken) } end
  if replaced then seats.end_hold(replaced, seats.USER) end

  seats.version = seats.version + 1
  local version = seats.version
  for i = 1, #parts do
    local sec = seats.section(parts[i][1])
    seats.set_codes(sec, parts[i], 2, 1)
    seats.enter_deadline(sec, expires, id)
  end
  -- 127: the hold's own version; 4: RESERVED by USER.
  seats.news[#seats.news + 1] = '\127\4' .. parts.text
  local row = pack(version, now, expires) .. tail
  seats.rows['h' .. id] = row
  seats.holds[id] = nil
  seats.fields[#seats.fields + 1] = 'h' .. id
  seats.fields[#seats.fields + 1] = row
  who[1] = who[1] + count
  who[#who + 1] = id
  if not who.dirty then seats.touch_holder(who) end
  -- Core's `operationsKeptMs`.
  local meta = seats.meta
  if meta[10] < 3 * ttl + 3600000 then meta[10] = 3 * ttl + 3600000 end
  remember(command[2], command[11] .. row)
  return version
end

local function define_commands()
  define_ends()
  define_owners()

  -- Core's operation log: a first answer again, unless it was given to something else.
  function seats.recall_answer(answer, print)
    local first, memo, id, version = unpack_row(answer)
    if first ~= '' and print ~= '' and first ~= print then return { 'reused' } end
    if id == '' then return { 'done', select(4, unpack_row(answer)) } end
    -- At home: it was only begun.
    if version == 0 then return end
    return { 'hold', 1, id, memo, select(4, unpack_row(answer)) }
  end

  function seats.as_hold(one, repeated)
    return { 'hold', repeated, one.id, false, one.version, one.created, one.expires, one.holder, one.epoch, one.request, one.parts,
      one.document, one.mark, one.replaces }
  end

  -- The holder's live hold of exactly these seats, if there is one.
  function seats.same_hold(who, command)
    seats.expire(who, 1e9)
    for i = 4, #who do
      local one = seats.hold(who[i])
      local same = one and one.request == '' and one.version > 0 and one.parts == command[9].text
      if same and (command[12] == '' or command[12] == one.id) then return seats.as_hold(one, 1) end
    end
  end

  -- The hold a swap releases, its seats, and why not.
  function seats.replaced_by(command)
    local one, own = seats.hold(command[12]), {}
    if not one or one.version == 0 or one.version ~= command[13] or one.holder ~= command[5] then return nil, nil, { 'stale' } end
    if one.request ~= '' then return nil, nil, { 'paying', one.request } end
    for _, part in ipairs({ unpack_row(one.parts) }) do
      for i = 2, #part do own[part[1] .. '/' .. part[i]] = true end
    end
    return one, own
  end

  function seats.answer_hold(command, one)
    remember(command[2], pack(command[3], false, one.id) .. seats.hold_row(one))
    return seats.as_hold(one, 0)
  end

  -- With what a shard says besides, also when it is asked again.
  function seats.answer_done(command, ...)
    remember(command[2], pack(command[3], false, '', ...))
    return { 'done', ... }
  end

  -- The live hold of this id, version and holder that is not being paid, or what to answer.
  function seats.asked_hold(command)
    local one = seats.hold(command[4])
    if not one or one.version == 0 or one.version ~= command[5] or one.holder ~= command[6] then return nil, { 'stale' } end
    if one.request == '' then return one end
    return nil, one.request == command[7] and seats.as_hold(one, 1) or { 'paying', one.request }
  end

  function seats.release(command)
    local one, refusal = seats.asked_hold(command)
    if not one then return refusal end
    seats.end_hold(one, seats.USER)
    seats.holder(one.holder)[2] = 0
    return seats.answer_done(command, one.mark, one.mark and one.parts)
  end

  function seats.extend(command)
    local one, refusal = seats.asked_hold(command)
    if not one then return refusal end
    -- Core's `extendedDeadline`. The old deadline stays where it is: whoever meets it enters the new one.
    local ttl, not_after = command[7], command[8]
    local expires = math.max(one.expires, math.min(now + ttl, one.created + 3 * ttl, not_after))
    if expires > one.expires then
      seats.version = seats.version + 1
      seats.news[#seats.news + 1] = '\127'
      one.version, one.expires = seats.version, expires
      seats.touch_hold(one)
    end
    return seats.answer_hold(command, one)
  end

  function seats.pin(command)
    local one, refusal = seats.asked_hold(command)
    if not one then return refusal end
    local request, lease = command[7], command[8]
    one.request = request
    seats.touch_hold(one)
    for _, part in ipairs({ unpack_row(one.parts) }) do
      local sec = seats.section(part[1])
      seats.fetch_owners(sec, part, 2)
      -- They were counted as held.
      seats.count_owned(one.holder, 1 - #part)
      for i = 2, #part do seats.put_owner(sec, part[i], 1, request, one.holder, -1, seats.PAYMENT) end
    end
    seats.put_pin(request, one.id, now + lease)
    seats.holder(one.holder)[2] = 0
    return seats.answer_hold(command, one)
  end

  -- Frees the seats still PAYING for this request. Without a pin (rebuilt from claims) they are looked for.
  function seats.unpin(command)
    local request = command[4]
    local one = seats.pinned_hold(request)
    if one then
      seats.end_any_hold(one, seats.PAYMENT)
    else
      for _, name in ipairs({ unpack_row(seats.row('*')) }) do
        local sec = seats.section(name)
        seats.free_paying(sec, seats.seats_with(sec, { [1] = true }), 1, request, seats.PAYMENT)
      end
    end
    seats.forget_pin(request)
    return seats.answer_done(command)
  end

  -- `heard`: the record itself spoke of this payment, so that its pin is no longer anybody's to resolve.
  function seats.settle_pin(request, heard)
    local one = seats.pinned_hold(request)
    for _, part in ipairs(one and { unpack_row(one.parts) } or {}) do
      for i = 2, #part do
        if seats.is_paying(seats.section(part[1]), part[i], request) then
          if heard then seats.put_pin(request, one.id, false) end
          return
        end
      end
    end
    seats.forget_pin(request)
  end

  -- The record's word, seat by seat and only where it is news.
  function seats.project(command)
    local part, code, request, holder, version = command[4][1], command[5], command[6], command[7], command[8]
    local sec, origin, touched = seats.section(part[1]), request == '' and seats.ADMIN or seats.PAYMENT, {}
    -- What the homes have to hear of.
    local ended, displaced, standing = {}, {}, {}
    if request ~= '' then touched[request] = true end
    seats.fetch_owners(sec, part, 2)
    for i = 2, #part do
      local seat = part[i]
      local owner = seats.owner(sec, seat)
      if seat < sec.count then
        local is_news = owner[5] < version
        if is_news then seats.heard(sec, seat, version) end
        -- As `frees` of core's memory store: the end of a claim is compared with the version of that claim alone.
        local applies = is_news
        if code == 0 and owner[1] == 3 then applies = is_news and request == '' end
        if code == 0 and owner[1] ~= 3 then applies = owner[1] ~= 0 and owner[2] == request and owner[4] < version end
        if applies then
          while owner[1] == 0 and not is_home and seats.code_at(sec, seat) ~= 0 do
            local one = seats.hold_at(sec, seat)
            seats.end_hold(one, seats.PAYMENT)
            ended[#ended + 1] = { one.id, one.holder }
          end
          if (owner[1] == 1 or owner[1] == 2) and (owner[2] ~= request or code == 0) then
            displaced[#displaced + 1] = { owner[2], owner[3], seat }
          end
          if owner[1] == 1 then touched[owner[2]] = true end
          local owned = code == 1 or code == 2
          seats.put_owner(sec, seat, code, owned and request or '', owned and holder or '', owned and version or -1, origin)
        end
        if owner[2] == request and owner[1] == code and owner[4] == version then standing[#standing + 1] = seat end
      end
    end
    for one in pairs(touched) do seats.settle_pin(one, one == request) end
    if is_part then return seats.answer_done(command, ended, displaced, standing) end
    return seats.answer_done(command)
  end

  function seats.grow(command)
    local sec, count = seats.section(command[4]), command[5]
    if count > sec.count then
      sec.codes = seats.codes_of(sec) .. string.rep('\0', math.ceil(count / 4) - #sec.codes)
      for first = sec.count, count - 1, 1000 do
        local part = { sec.name }
        for seat = first, math.min(first + 999, count - 1) do part[#part + 1] = seat end
        seats.set_codes(sec, part, 2, 0)
        seats.news[#seats.news + 1] = string.char(seats.ADMIN) .. pack(part)
      end
      sec.count = count
    end
    return seats.answer_done(command)
  end

  function seats.reset(command)
    seats.read_due(redis.call('ZRANGE', seats.due, 0, -1))
    -- Holds of this very call are in no set yet.
    for _, who in pairs(seats.holders) do
      for i = 4, #who do seats.hold(who[i]) end
    end
    local known, old = {}, {}
    for _, one in pairs(seats.holds) do known[#known + 1] = one or nil end
    for _, one in ipairs(is_part and {} or known) do seats.expire(seats.holder(one.holder), 1e9) end
    for _, one in pairs(seats.holds) do
      if one and one.request == '' and one.epoch ~= command[4] then old[#old + 1] = one end
    end
    for _, one in ipairs(old) do seats.end_hold(one, seats.ADMIN) end
    return seats.answer_done(command)
  end

  function seats.recall() return { 'stale' } end

  function seats.look() return { 'done' } end

  if is_home then define_home(known_answers, remember) end
  if is_part then define_part(taken_of) end
end

local function missing_of(command)
  local missing = { 'missing' }
  for _, part in ipairs(parts_of(command)) do
    if not (seats.meta and seats.section(part[1])) then missing[#missing + 1] = part[1] end
  end
  if #missing > 1 or not seats.meta then return missing end
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

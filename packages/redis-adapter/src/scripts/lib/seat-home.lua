-- Where the seats of a schedule are parts, each section a shard of its own, some visitors have their home here: what they own, their
-- holds, and the answers they were given. A hold is what stands here: its parts follow, each all or nothing.
-- A hold that is being taken has version 0 and counts in the quota. It is confirmed once all parts have its seats, or cancelled
-- before any of them lets go. Its mark, new with every try, is its name in the parts: whatever a try that was overtaken does
-- there, it does to no other.
-- Commands of lib/seats.lua, and
--   take      answers also open, mark, expires at, parts, mark of the hold it replaces or ''
--   confirm   holdId, mark, version: a hold, and the mark and the parts of the one it replaced, also when it is asked again · gone
--   cancel    holdId, mark: done · a hold, when it was confirmed
--   extend    answers also open, mark, expires at, parts
--   extended  holdId, version, holder, expires at, its version then: a hold · stale
--   lose      holdId, mark, requestId or '', operationId of the pin or '': a part has lost its seats. done, mark, parts
--   displaced part, requestId, record version: its claim gave way to a newer one. done
--   release, unpin  answer done, mark, parts

local function define_home(known_answers, remember)
  local function forget_answer(operation)
    known_answers[operation] = false
    seats.unanswered[#seats.unanswered + 1] = operation
  end

  local function as_open(one)
    local replaced = one.replaces ~= '' and seats.hold(one.replaces)
    return { 'open', one.mark, one.expires, one.parts, replaced and replaced.mark or '' }
  end

  -- Of the same operation, when its caller never heard how it went.
  local function begun(command)
    local answer = known_answers[command[2]]
    if not answer then return end
    local _, _, id = unpack_row(answer)
    local one = seats.hold(id)
    if one and one.version == 0 and one.expires > now then return one end
  end

  -- Of two swaps of one hold the later goes on: a part has room for one.
  local function give_up(who, replaced)
    for i = #who, 4, -1 do
      local one = seats.hold(who[i])
      if one and one.version == 0 and one.replaces == replaced then seats.end_hold(one, seats.USER) end
    end
  end

  local function refusal(command, who, expires)
    if expires <= now then return { 'late' } end
    local replaced, refused = nil, nil
    if command[12] ~= '' then
      local _
      replaced, _, refused = seats.replaced_by(command)
      if refused then return refused end
      give_up(who, command[12])
    end
    if who[3] > now then return { 'cooldown', who[3] - now } end
    local kept = who[1] - (replaced and seats.size_of(replaced.parts) or 0)
    if kept + seats.size_of(command[14]) > command[8] then return { 'quota', who[1] } end
  end

  function seats.size_of(parts)
    local sum = 0
    for _, part in ipairs({ unpack_row(parts) }) do sum = sum + #part - 1 end
    return sum
  end

  function seats.take(command)
    local before = begun(command)
    if before then return as_open(before) end
    local who = seats.holder(command[5])
    local same = seats.same_hold(who, command)
    if same then return same end
    -- Core's `holdDeadline`.
    local expires = math.min(now + command[6], command[7])
    local refused = refusal(command, who, expires)
    if refused then return refused end
    seats.version = seats.version + 1
    local holder, epoch, request, parts, document = unpack_row(command[10])
    local one = { id = command[4], version = 0, created = now, expires = expires, holder = holder, epoch = epoch, request = request,
      parts = parts, document = document, mark = command[4] .. '.' .. digits(seats.version), replaces = command[12], dirty = false }
    seats.holds[one.id] = one
    seats.touch_hold(one)
    seats.enter_deadlines(one)
    who[1] = who[1] + seats.size_of(parts)
    who[#who + 1] = one.id
    seats.touch_holder(who)
    local meta = seats.meta
    if meta[10] < 3 * command[6] + 3600000 then meta[10] = 3 * command[6] + 3600000 end
    remember(command[2], command[11] .. seats.hold_row(one))
    return as_open(one)
  end

  -- The hold of this id and mark.
  local function marked(command)
    local one = seats.hold(command[4])
    return one and one.mark == command[5] and one or nil
  end

  local function cancel(command, one)
    seats.end_hold(one, seats.USER)
    forget_answer(command[2])
    return { 'gone' }
  end

  function seats.confirm(command)
    local one = marked(command)
    if not one then return { 'gone' } end
    if one.version > 0 then return seats.as_hold(one, 1) end
    if one.expires <= now then return cancel(command, one) end
    local mark, parts = '', ''
    if one.replaces ~= '' then
      local replaced = seats.hold(one.replaces)
      if not replaced or replaced.request ~= '' or replaced.expires <= now then return cancel(command, one) end
      mark, parts = replaced.mark, replaced.parts
      seats.end_hold(replaced, seats.USER)
    end
    one.version, one.replaces = command[6], ''
    seats.touch_hold(one)
    local print, memo = unpack_row(known_answers[command[2]])
    remember(command[2], pack(print, memo, one.id) .. seats.hold_row(one) .. pack(mark, parts))
    local answer = seats.as_hold(one, 0)
    answer[4], answer[15], answer[16] = memo, mark, parts
    return answer
  end

  function seats.cancel(command)
    local one = marked(command)
    if not one then return { 'done' } end
    if one.version > 0 then return seats.as_hold(one, 1) end
    cancel(command, one)
    return { 'done' }
  end

  function seats.extend(command)
    local one, refused = seats.asked_hold(command)
    if not one then return refused end
    local expires = seats.extended_deadline(command, one)
    if expires == one.expires then return seats.answer_hold(command, one) end
    return { 'open', one.mark, expires, one.parts, '' }
  end

  function seats.extended(command)
    local one, refused = seats.asked_hold(command)
    if not one then return refused end
    one.expires, one.version = command[7], command[8]
    seats.touch_hold(one)
    return seats.answer_hold(command, one)
  end

  function seats.lose(command)
    local one, request = marked(command), command[6]
    if not one or one.request ~= request then return { 'done' } end
    if command[7] ~= '' then forget_answer(command[7]) end
    seats.end_any_hold(one, seats.PAYMENT)
    if request ~= '' then seats.forget_pin(request) end
    return { 'done', one.mark, one.parts }
  end

  function seats.displaced(command)
    local part, request, version = unpack_row(command[4]), command[5], command[6]
    local sec = seats.section(part[1])
    for i = 2, #part do
      local owner = seats.owner(sec, part[i])
      if owner[2] == request and owner[4] < version then seats.free_owner(sec, part[i], seats.PAYMENT) end
      if owner[5] < version then seats.heard(sec, part[i], version) end
    end
    seats.settle_pin(request, false)
    return { 'done' }
  end

  -- Without a pin (rebuilt from claims) its seats are looked for.
  function seats.unpin(command)
    local request = command[4]
    local one = seats.pinned_hold(request)
    if one then
      seats.end_any_hold(one, seats.PAYMENT)
      seats.forget_pin(request)
      return seats.answer_done(command, one.mark, one.parts)
    end
    local rows = redis.call('HGETALL', KEYS[4])
    for i = 1, #rows, 2 do
      local state, owner = unpack_row(rows[i + 1])
      local name, seat = string.match(rows[i], '^(.*)/(%d+)$')
      if state == 1 and owner == request then seats.free_paying(seats.section(name), { tonumber(seat) }, 1, request, seats.PAYMENT) end
    end
    seats.forget_pin(request)
    return seats.answer_done(command)
  end
end

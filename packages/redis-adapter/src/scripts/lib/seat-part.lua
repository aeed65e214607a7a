-- What is done to one section where it is a shard of its own: the homes have judged it (see lib/seat-home.lua). All of it may be
-- repeated by what is there, so that only what the homes do not remember is remembered here. Commands:
--   take     mark, holder, expires at, mark of the hold it replaces or '', epoch, parts: done · taken, part · late
--   release  mark · extend mark, expires at · pin mark, holder, requestId, lease in ms: done · gone
--   look     section: frees what is due
--   unpin, grow, reset as in commit-seats.lua; project answers done, [mark, holder] of holds that ended, [requestId, holder, seat]
--   of claims that did, and the seats that are now as it says

local function define_part(taken_of)
  local function seats_of(one)
    local part, own = unpack_row(one.parts), {}
    for i = 2, #part do own[part[1] .. '/' .. part[i]] = true end
    return part, own
  end

  local function end_twin(one)
    local twin = one.document ~= '' and seats.hold(one.document)
    if twin and twin.document == one.id then seats.end_hold(twin, seats.USER) end
  end

  -- Both have the seats they share, until one of them ends. An older one of either is over, says their home.
  local function pair(one, other)
    end_twin(other)
    one.document, other.document = other.id, one.id
    seats.touch_hold(other)
  end

  function seats.take(command)
    local mark, expires, parts = command[4], command[6], command[9]
    if seats.hold(mark) then return { 'done' } end
    if expires <= now then return { 'late' } end
    local part, sec = parts[1], seats.section(parts[1][1])
    local replaced = command[7] ~= '' and seats.hold(command[7])
    local old, own = nil, nil
    if replaced then old, own = seats_of(replaced) end
    local taken = taken_of(parts, own)
    if taken then return taken end
    local one = { id = mark, version = 0, created = now, expires = expires, holder = command[5], epoch = command[8], request = '',
      parts = command[14], document = '', dirty = false }
    if replaced then pair(one, replaced) end
    local fresh = old and seats.without(part, old) or part
    if #fresh > 1 then
      seats.set_codes(sec, fresh, 2, 1)
      seats.news[#seats.news + 1] = '\4' .. pack(fresh)
    end
    seats.holds[mark] = one
    seats.touch_hold(one)
    seats.enter_deadline(sec, expires, mark)
    return { 'done' }
  end

  function seats.release(command)
    local one = seats.hold(command[4])
    if one and one.request == '' then seats.end_hold(one, seats.USER) end
    return { 'done' }
  end

  function seats.extend(command)
    local one = seats.hold(command[4])
    if not one or one.request ~= '' then return { 'gone' } end
    -- The old deadline stays where it is: whoever meets it enters the new one.
    if command[5] > one.expires then
      one.expires = command[5]
      seats.touch_hold(one)
    end
    seats.version = seats.version + 1
    seats.news[#seats.news + 1] = '\127'
    return { 'done' }
  end

  function seats.pin(command)
    local one, request = seats.hold(command[4]), command[6]
    if one and one.request == request then return { 'done' } end
    if not one or one.request ~= '' then return { 'gone' } end
    -- Only one of the two was confirmed: that which is paid.
    end_twin(one)
    one.document, one.request = '', request
    seats.touch_hold(one)
    local part = unpack_row(one.parts)
    local sec = seats.section(part[1])
    seats.fetch_owners(sec, part, 2)
    for i = 2, #part do seats.put_owner(sec, part[i], 1, request, one.holder, -1, seats.PAYMENT) end
    seats.put_pin(request, one.id, now + command[7])
    return { 'done' }
  end
end

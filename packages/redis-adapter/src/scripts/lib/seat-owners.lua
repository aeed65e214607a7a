-- Seats that belong to payments, and what the record has said of each: rows of …:owners, `<section>/<seat>`: state (0 none,
-- 1 PAYING, 2 COMPLETED, 3 BLOCKED), requestId, holder, version of that state (-1: pinned, the record has not spoken), version of
-- the record's last word (-1: none). A row outlives the seat's owner: the record's last word is not forgotten.
-- Defined when it is first asked for.

local function define_owners()
  local NONE, PAYING, COMPLETED = 0, 1, 2
  local owner_rows, dirty_owners = {}, {}
  -- By requestId: the row, and the end of the lease; false where there is none any more.
  local pin_rows, leases = {}, {}

  function seats.fetch_owners(sec, list, first)
    local fields, values = {}, {}
    for i = first, #list do
      local field = sec.name .. '/' .. list[i]
      if not owner_rows[field] then fields[#fields + 1] = field end
    end
    seats.read(KEYS[4], fields, values)
    for field, value in pairs(values) do owner_rows[field] = value and { unpack_row(value) } or { NONE, '', '', -1, -1 } end
  end

  function seats.owner(sec, seat)
    local field = sec.name .. '/' .. seat
    if not owner_rows[field] then seats.fetch_owners(sec, { seat }, 1) end
    return owner_rows[field], field
  end

  function seats.heard(sec, seat, version)
    local one, field = seats.owner(sec, seat)
    one[5] = version
    dirty_owners[field] = one
  end

  function seats.count_owned(id, by)
    if is_part then return end
    local who = seats.holder(id)
    who[1] = who[1] + by
    seats.touch_holder(who)
  end

  -- Makes the seat what it is now, and tells it. `code` is 0 to 3: free, PAYING, COMPLETED, BLOCKED.
  function seats.put_owner(sec, seat, code, request, holder, version, origin)
    local one, field = seats.owner(sec, seat)
    if one[1] == PAYING or one[1] == COMPLETED then seats.count_owned(one[3], -1) end
    if code == PAYING or code == COMPLETED then seats.count_owned(holder, 1) end
    one[1], one[2], one[3], one[4] = code, request, holder, version
    dirty_owners[field] = one
    if is_home or seats.code_at(sec, seat) == code then return end
    local part = { sec.name, seat }
    seats.set_codes(sec, part, 2, code)
    seats.news[#seats.news + 1] = string.char(code * 4 + origin) .. pack(part)
  end

  function seats.free_owner(sec, seat, origin) seats.put_owner(sec, seat, 0, '', '', -1, origin) end

  function seats.is_paying(sec, seat, request)
    local one = seats.owner(sec, seat)
    return one[1] == PAYING and one[2] == request
  end

  -- Frees what of these seats is PAYING for the request; `first`: where in the list they begin.
  function seats.free_paying(sec, list, first, request, origin)
    seats.fetch_owners(sec, list, first)
    for i = first, #list do
      if seats.is_paying(sec, list[i], request) then seats.free_owner(sec, list[i], origin) end
    end
  end

  -- The seats of a section that have one of these codes.
  function seats.seats_with(sec, codes)
    local list = {}
    for seat = 0, sec.count - 1 do
      if codes[seats.code_at(sec, seat)] then list[#list + 1] = seat end
    end
    return list
  end

  function seats.put_pin(request, id, lease)
    pin_rows[request], leases[request] = pack(id, lease and 0 or 1), lease
  end

  function seats.pinned_hold(request)
    local value = pin_rows[request]
    if value == nil then value = seats.row('p' .. request) end
    local id = value and unpack_row(value)
    return id and seats.hold(id) or nil
  end

  -- The pin ends, and its hold.
  function seats.forget_pin(request)
    local one = seats.pinned_hold(request)
    if one then seats.forget_hold(one) end
    pin_rows[request], leases[request] = false, false
  end

  -- Ends any hold, with the seats that are still its own.
  function seats.end_any_hold(one, origin)
    if one.request == '' then return seats.end_hold(one, origin) end
    for _, part in ipairs({ unpack_row(one.parts) }) do
      seats.free_paying(seats.section(part[1]), part, 2, one.request, origin)
    end
    seats.forget_hold(one)
  end

  -- Every unpinned hold with a seat in the section.
  function seats.holds_in(sec)
    local low, list = sec.rank * seats.span, {}
    seats.load_due(redis.call('ZRANGEBYSCORE', seats.due, digits(low), digits(low + seats.span - 1)))
    for _, ids in pairs(sec.due) do
      for _, id in ipairs(ids) do seats.hold(id) end
    end
    for _, one in pairs(seats.holds) do
      for _, part in ipairs(one and one.request == '' and { unpack_row(one.parts) } or {}) do
        if part[1] == sec.name then list[#list + 1] = { hold = one, part = part } end
      end
    end
    return list
  end

  -- The unpinned hold that has this seat. It is asked for almost never, so no index is kept for it.
  function seats.hold_at(sec, seat)
    for _, found in ipairs(seats.holds_in(sec)) do
      for i = 2, #found.part do
        if found.part[i] == seat then return found.hold end
      end
    end
  end

  function seats.save_owners()
    local kept, forgotten, fields, gone = {}, {}, {}, {}
    for field, one in pairs(dirty_owners) do
      if one[1] == NONE and one[5] == -1 then
        forgotten[#forgotten + 1] = field
      else
        kept[#kept + 1] = field
        kept[#kept + 1] = pack(unpack(one))
      end
    end
    for request, value in pairs(pin_rows) do
      if value then
        fields[#fields + 1] = 'p' .. request
        fields[#fields + 1] = value
      else
        gone[#gone + 1] = 'p' .. request
      end
    end
    seats.write('HSET', seats.state, fields)
    seats.write('HDEL', seats.state, gone)
    seats.write('HSET', KEYS[4], kept)
    seats.write('HDEL', KEYS[4], forgotten)
    for request, lease in pairs(leases) do
      if lease then redis.call('ZADD', KEYS[3], lease, request) else redis.call('ZREM', KEYS[3], request) end
    end
  end
end

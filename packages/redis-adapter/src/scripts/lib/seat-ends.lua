-- How holds end. Defined when it is first asked for.

local function define_ends()
  function seats.hold(id)
    local known = seats.holds[id]
    if known ~= nil then return known end
    local value = seats.row('h' .. id)
    if value then
      local version, created, expires, holder, epoch, request, parts, document, mark, replaces = unpack_row(value)
      value = { id = id, version = version, created = created, expires = expires, holder = holder, epoch = epoch,
        request = request, parts = parts, document = document, mark = mark, replaces = replaces, dirty = false }
    end
    seats.holds[id] = value
    return value
  end

  function seats.hold_row(one)
    local row = pack(one.version, one.created, one.expires, one.holder, one.epoch, one.request, one.parts, one.document)
    return is_home and row .. pack(one.mark, one.replaces) or row
  end

  function seats.touch_hold(one)
    if one.dirty then return end
    one.dirty = true
    seats.dirty_holds[#seats.dirty_holds + 1] = one
  end

  function seats.enter_deadlines(one)
    if is_home then return seats.enter_deadline(seats.section(''), one.expires, one.id) end
    for _, part in ipairs({ unpack_row(one.parts) }) do
      seats.enter_deadline(seats.section(part[1]), one.expires, one.id)
    end
  end

  function seats.forget_hold(one)
    seats.holds[one.id] = false
    seats.rows['h' .. one.id] = false
    seats.ended[#seats.ended + 1] = one.id
    if is_part then return end
    local who = seats.holder(one.holder)
    for i = 4, #who do
      if who[i] == one.id then
        table.remove(who, i)
        break
      end
    end
    seats.touch_holder(who)
  end

  -- Ends a hold that is not pinned: all its seats are its own.
  function seats.end_hold(one, origin)
    if is_part then return seats.end_part(one, origin) end
    local who = seats.holder(one.holder)
    for _, part in ipairs({ unpack_row(one.parts) }) do
      seats.set_codes(seats.section(part[1]), part, 2, 0)
      who[1] = who[1] - (#part - 1)
    end
    if not is_home then seats.news[#seats.news + 1] = string.char(origin) .. one.parts end
    seats.forget_hold(one)
  end

  -- In a part: but for the seats it shares with the hold that replaces it, or that it would have replaced.
  function seats.end_part(one, origin)
    local part, twin = unpack_row(one.parts), one.document ~= '' and seats.hold(one.document)
    if twin and twin.document == one.id then part = seats.without(part, (unpack_row(twin.parts))) end
    if #part > 1 then
      seats.set_codes(seats.section(part[1]), part, 2, 0)
      seats.news[#seats.news + 1] = string.char(origin) .. pack(part)
    end
    seats.forget_hold(one)
  end

  -- The seats of a part but for those of another, both of one section.
  function seats.without(part, other)
    local rest, named = { part[1] }, {}
    for i = 2, #other do named[other[i]] = true end
    for i = 2, #part do
      if not named[part[i]] then rest[#rest + 1] = part[i] end
    end
    return rest
  end

  -- Core's `afterExpiry`: five in a row begin a pause of 60 s at the fifth's deadline.
  function seats.after_expiry(who, deadline)
    who[2] = who[2] + 1
    if who[2] < 5 then return end
    who[2] = 0
    who[3] = math.max(who[3], deadline + 60000)
  end

  -- Ends what is due of a holder, in the order of deadlines and in whatever sections; at most `most`. How many were ended.
  function seats.expire(who, most)
    local list = {}
    for i = 4, #who do
      local one = seats.hold(who[i])
      if one and one.request == '' and one.expires <= now then list[#list + 1] = one end
    end
    table.sort(list, function(a, b) return a.expires < b.expires end)
    local count = math.min(#list, most)
    for i = 1, count do
      seats.end_hold(list[i], seats.EXPIRY)
      -- At home: what was only being taken is no hold that expires.
      if list[i].version > 0 then seats.after_expiry(who, list[i].expires) end
    end
    return count
  end

  -- Reads the holds named in entries of …:due, and their holders. Their ids, entry by entry.
  function seats.read_due(entries)
    local fields, lists, who = {}, {}, {}
    for i, entry in ipairs(entries) do
      lists[i] = {}
      for id in string.gmatch(string.match(entry, ' (.*)'), '%S+') do
        lists[i][#lists[i] + 1] = id
        if seats.rows['h' .. id] == nil then fields[#fields + 1] = 'h' .. id end
      end
    end
    seats.read(seats.state, fields, seats.rows)
    for _, ids in ipairs(lists) do
      for _, id in ipairs(ids) do
        local one = seats.hold(id)
        if one and not is_part and seats.rows['v' .. one.holder] == nil then who[#who + 1] = 'v' .. one.holder end
      end
    end
    seats.read(seats.state, who, seats.rows)
    return lists
  end

  -- Frees what is due in a section, earliest first; at most `most` holds. How many were freed.
  function seats.free_due(sec, most)
    if sec.earliest > now or most <= 0 then return 0 end
    local low, till, freed, over = sec.rank * seats.span, seats.score(sec, now), 0, 0
    local limit = most < 1e9 and most + 1 or -1
    local entries = redis.call('ZRANGEBYSCORE', seats.due, digits(low), digits(till), 'LIMIT', 0, limit)
    for i, ids in ipairs(seats.read_due(entries)) do
      for _, id in ipairs(ids) do
        local one = seats.hold(id)
        if one and one.request == '' then
          if one.expires > now then
            seats.enter_deadline(sec, one.expires, id)
          elseif freed < most and is_part then
            seats.end_hold(one, seats.EXPIRY)
            freed = freed + 1
          elseif freed < most then
            freed = freed + seats.expire(seats.holder(one.holder), most - freed)
          end
        end
      end
      -- Not all of it was freed: it is met again.
      if freed >= most then break end
      over = i
      seats.over[#seats.over + 1] = entries[i]
    end
    if over == #entries and #entries < most + 1 then
      local next = redis.call('ZRANGEBYSCORE', seats.due, '(' .. digits(till), '(' .. digits(low + seats.span), 'WITHSCORES',
        'LIMIT', 0, 1)
      sec.earliest = next[2] and next[2] - low + seats.meta[15] or 9007199254740991
      for expires in pairs(sec.due) do sec.earliest = math.min(sec.earliest, expires) end
    end
    if not sec.dirty then seats.touch_section(sec) end
    return freed
  end

  function seats.free_all_due(sec)
    if sec.earliest <= now then seats.free_due(sec, 1e9) end
  end
end

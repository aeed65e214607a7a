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
    seats.free_parts(one.parts, one.holder, origin)
    seats.forget_hold(one)
  end

  -- Seats that are all of one hold.
  function seats.free_parts(parts, holder, origin)
    local count = 0
    for _, part in ipairs({ unpack_row(parts) }) do
      seats.set_codes(seats.section(part[1]), part, 2, 0)
      count = count + #part - 1
    end
    if not is_home then seats.news[#seats.news + 1] = string.char(origin) .. parts end
    if is_part then return end
    local who = seats.holder(holder)
    who[1] = who[1] - count
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
      local list = {}
      for id in string.gmatch(entry, ' (%S+)') do
        list[#list + 1] = id
        if seats.rows['h' .. id] == nil then fields[#fields + 1] = 'h' .. id end
      end
      lists[i] = list
    end
    seats.read(seats.state, fields, seats.rows)
    for _, field in ipairs(is_part and {} or fields) do
      local row = seats.rows[field]
      local _, holder
      if row then _, _, _, _, holder = cmsgpack.unpack_limit(row, 4, 0) end
      if holder and seats.rows['v' .. holder] == nil then who[#who + 1] = 'v' .. holder end
    end
    seats.read(seats.state, who, seats.rows)
    return lists
  end

  -- The same, and they are in `seats.holds` then.
  function seats.load_due(entries)
    for _, ids in ipairs(seats.read_due(entries)) do
      for _, id in ipairs(ids) do seats.hold(id) end
    end
  end

  -- The row of a holder whose only hold of so many seats has expired, as it was read; nil where he has others, or is changed
  -- already.
  local function after_only(holder, count, deadline)
    local field = 'v' .. holder
    local row = not seats.holders[holder] and seats.rows[field]
    if not row then return end
    local owned, expiries, paused, _, other = unpack_row(row)
    if other then return end
    local who = { owned - count, expiries, paused }
    seats.after_expiry(who, deadline)
    return field, pack(who[1], who[2], who[3])
  end

  -- Ends a due hold as it was read, where nothing else concerns it: most holds that expire are all that their holder has. False:
  -- it is no such hold.
  local function end_simple(sec, id)
    local row = seats.holds[id] == nil and seats.rows['h' .. id]
    if not row then return false end
    local _, version, _, expires, holder, _, request, parts, document = cmsgpack.unpack_limit(row, is_part and 8 or 7, 0)
    if request ~= '' or expires > now or version == 0 and not is_part or is_part and document ~= '' then return false end
    local part, other = unpack_row(parts)
    if other then return false end
    if not is_part then
      local field, left = after_only(holder, #part - 1, expires)
      if not field then return false end
      seats.rows[field] = left
      seats.fields[#seats.fields + 1] = field
      seats.fields[#seats.fields + 1] = left
    end
    if not is_home then
      seats.set_codes(sec, part, 2, 0)
      seats.news[#seats.news + 1] = '\1' .. parts
    end
    seats.holds[id], seats.rows['h' .. id] = false, false
    seats.ended[#seats.ended + 1] = id
    return true
  end

  -- Ends what is due of the holds of an entry, at most `most`. How many were ended.
  local function free_entry(sec, ids, most)
    local freed = 0
    for _, id in ipairs(ids) do
      if freed < most and end_simple(sec, id) then
        freed = freed + 1
      else
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
    end
    return freed
  end

  -- The earliest deadline of a section, of what is in the set and of what is being entered.
  local function next_deadline(sec, low, till)
    local next = redis.call('ZRANGEBYSCORE', seats.due, '(' .. digits(till), '(' .. digits(low + seats.span), 'WITHSCORES', 'LIMIT',
      0, 1)
    local earliest = next[2] and next[2] - low + seats.meta[15] or 9007199254740991
    for expires in pairs(sec.due) do earliest = math.min(earliest, expires) end
    return earliest
  end

  -- Frees what is due in a section, earliest first; at most `most` holds. How many were freed.
  function seats.free_due(sec, most)
    if sec.earliest > now or most <= 0 then return 0 end
    local low, till, freed, at, some = sec.rank * seats.span, seats.score(sec, now), 0, 0, 4
    repeat
      local entries = redis.call('ZRANGEBYSCORE', seats.due, digits(low), digits(till), 'LIMIT', at, some)
      for i, ids in ipairs(seats.read_due(entries)) do
        freed = freed + free_entry(sec, ids, most - freed)
        -- Not all of it may be freed: it is met again.
        if freed >= most then break end
        seats.over[#seats.over + 1] = entries[i]
      end
      local is_last = #entries < some
      if is_last and freed < most then sec.earliest = next_deadline(sec, low, till) end
      at, some = at + some, some * 2
    until is_last or freed >= most
    if not sec.dirty then seats.touch_section(sec) end
    return freed
  end

  function seats.free_all_due(sec)
    if sec.earliest <= now then seats.free_due(sec, 1e9) end
  end
end

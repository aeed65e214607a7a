-- Commands of commit-seats.lua but for the take, and answers that are given again. Defined when one is first asked for.

local function define_changes(remember)
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
      local same = one and one.request == '' and one.version > 0 and one.parts == command[14]
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

  -- Core's `extendedDeadline`.
  function seats.extended_deadline(command, one)
    local ttl, not_after = command[7], command[8]
    return math.max(one.expires, math.min(now + ttl, one.created + 3 * ttl, not_after))
  end

  function seats.extend(command)
    local one, refusal = seats.asked_hold(command)
    if not one then return refusal end
    -- The old deadline stays where it is: whoever meets it enters the new one.
    local expires = seats.extended_deadline(command, one)
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
            -- Nobody's, and yet not free: somebody else was at the keys. The record's word mends it.
            if not one then break end
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
    seats.load_due(redis.call('ZRANGE', seats.due, 0, -1))
    -- Holds of this very call are in no set yet.
    for _, sec in pairs(seats.sections) do
      for _, ids in pairs(sec and sec.due or {}) do
        for _, id in ipairs(ids) do seats.hold(id) end
      end
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
end

-- Seats of one shard as this call works on them. Rows are read once, changed in here, and written together by `save`: before
-- that nothing has changed.
-- ARGV  1 clock · 2 id of the record, or '' · 3 what the shard is: '' all of a schedule · 'part' one section: codes and marks of
--       holds, of which it has the seats that are its own · 'home' some visitors: quotas, holds and answers, no codes (see
--       lib/seat-home.lua) · 'map' versions and news of all parts (see merge-news.lua)
-- KEYS  1 seats:{…} · 2 …:due · 3 …:pins · 4 …:owners · 5 …:log · 6 …:done:0 · 7 …:done:1
-- rows of the hash seats:{…}, MessagePack values one after the other
--   ''            incarnation, version, floor of the log, its entries in the older half, version where that ends, entries and
--                 changes in the younger half, generation of answered operations, since when, how long one lasts, whether
--                 there is an older one, the server's run, when that was looked at, the record they are of, instant deadlines are counted from, no
--                 deadline of any section is earlier than this, how many sections the reaper has behind it
--   m, n          the map as it was last read: rows; version, and which rows
--   *             names of the sections by rank, 1 the first
--   s<section>    rank, count, version, no deadline is earlier than this, codes (2 bits a seat)
--   h<holdId>     version, created at, expires at, holder, epoch, requestId or '', parts, document; at home also its mark and the
--                 hold it replaces, or ''. In a part holds are known by their mark, and the document is a mark too, or '': that of
--                 the hold which this one replaces, or is replaced by, while both have the seat they share
--   v<holder>     seats owned, expiries in a row, paused until, its holdIds …
--   p<requestId>  holdId, 1 once the record has settled it
--   by-section    no MessagePack: the record whose seats are sharded by section, of which this key has nothing else
-- Parts are arrays one after the other, each a section's name and its seats.
-- …:due has holds that share a section and a deadline, `<rank> <holdId> …`. One that ended or was extended is left inside:
-- whoever takes it out looks the hold up.
-- News are numbers and parts: 127 takes a version for itself, code · 4 + origin says what each seat that follows became.
--
-- Everything shared is in one table: a local that many functions reach costs each of them a search when it is defined, which
-- is at every call.

local now = store_now()
local is_part, is_home = ARGV[3] == 'part', ARGV[3] == 'home'
local pack, unpack_row = cmsgpack.pack, cmsgpack.unpack
local seats = {
  state = KEYS[1], due = KEYS[2],
  -- As they were read, and as they are: false where there is none.
  rows = {}, sections = {}, holds = {}, holders = {},
  dirty_sections = {}, dirty_holds = {}, dirty_holders = {}, ended = {}, over = {},
  -- What the hash gets and loses besides; operations and their answers, alternating.
  fields = {}, gone = {}, answers = {}, unanswered = {},
  news = {}, told = 0, meta = false, from = 0, version = 0, lost = false, turned = false, moved = false,
  USER = 0, EXPIRY = 1, PAYMENT = 2, ADMIN = 3,
  unit = { [0] = 1, 4, 16, 64 },
  -- Deadlines of a section are a range of their own in the sorted set: rank · 2³⁸ + ms since the installation. A rank is below
  -- 2¹⁵ then, and eight years fit.
  span = 274877906944,
}

-- What `define` defines is defined when it is first asked for: most calls never ask.
local function on_demand(define)
  setmetatable(seats, { __index = function(_, name)
    setmetatable(seats, nil)
    define()
    return seats[name]
  end })
end

-- Takes at most 4 000 values at a time: so many fit on Lua's stack.
function seats.write(command, key, list)
  if #list == 0 then return end
  for at = 1, #list, 4000 do redis.call(command, key, unpack(list, at, math.min(at + 3999, #list))) end
end

function seats.read(key, fields, into)
  for at = 1, #fields, 4000 do
    local values = redis.call('HMGET', key, unpack(fields, at, math.min(at + 3999, #fields)))
    for i = 1, #values do into[fields[at + i - 1]] = values[i] end
  end
end

-- Reads the row '' and more.
function seats.open(fields)
  fields[#fields + 1] = ''
  seats.read(seats.state, fields, seats.rows)
  seats.begin(seats.rows[''])
end

-- Without the row '' nothing of the shard is known, nor when it is of another record, nor when it was written in another run of
-- the server, which may have lost its last writes. No failover is faster than 10 ms: so often it is enough to look.
function seats.begin(row)
  if not row then return end
  local meta = { unpack_row(row) }
  local known = meta[14] == ARGV[2]
  if known and (now - meta[13] >= 10 or now < meta[13]) then
    meta[13] = now
    if meta[12] ~= store_run() then
      known = false
      seats.lost = meta[1]
    end
  end
  if not known then
    seats.rows = setmetatable({}, { __index = function() return false end })
    return
  end
  seats.meta, seats.from, seats.version = meta, meta[2], meta[2]
end

function seats.row(field)
  local value = seats.rows[field]
  if value == nil then
    value = redis.call('HGET', seats.state, field)
    seats.rows[field] = value
  end
  return value
end

function seats.section(name)
  local known = seats.sections[name]
  if known ~= nil then return known end
  if is_home and name ~= '' then
    seats.sections[name] = { name = name, count = 9007199254740991, earliest = 9007199254740991 }
    return seats.sections[name]
  end
  local value = seats.row('s' .. name)
  if value then
    local rank, count, version, earliest, codes = unpack_row(value)
    value = { name = name, rank = rank, count = count, version = version, earliest = earliest,
      codes = codes, bytes = {}, due = {}, dirty = false }
  end
  seats.sections[name] = value
  return value
end

function seats.touch_section(sec)
  sec.dirty = true
  seats.dirty_sections[#seats.dirty_sections + 1] = sec
end

function seats.code_at(sec, seat)
  local place = seat % 4
  local at = (seat - place) / 4
  local byte, one = sec.bytes[at] or string.byte(sec.codes, at + 1), seats.unit[place]
  return (byte - byte % one) / one % 4
end

-- Each seat takes a version; the news are the caller's to tell.
function seats.set_codes(sec, part, first, code)
  if is_home then return end
  local bytes, codes, unit = sec.bytes, sec.codes, seats.unit
  for i = first, #part do
    local place = part[i] % 4
    local at = (part[i] - place) / 4
    local byte, one = bytes[at] or string.byte(codes, at + 1), unit[place]
    bytes[at] = byte + (code - (byte - byte % one) / one % 4) * one
  end
  local count = #part - first + 1
  seats.version, seats.told = seats.version + count, seats.told + count
  sec.version = seats.version
  if not sec.dirty then seats.touch_section(sec) end
end

function seats.holder(id)
  local known = seats.holders[id]
  if known then return known end
  local value = seats.row('v' .. id)
  known = value and { unpack_row(value) } or { 0, 0, 0 }
  known.id = id
  seats.holders[id] = known
  return known
end

function seats.touch_holder(who)
  if who.dirty then return end
  who.dirty = true
  seats.dirty_holders[#seats.dirty_holders + 1] = who
end

function seats.score(sec, instant)
  return sec.rank * seats.span + math.max(0, math.min(instant - seats.meta[15], seats.span - 1))
end

-- The hold is due in this section at this instant.
function seats.enter_deadline(sec, expires, id)
  local list = sec.due[expires]
  if list then
    list[#list + 1] = id
    return
  end
  sec.due[expires] = { id }
  if expires < seats.meta[16] then seats.meta[16] = expires end
  if expires < sec.earliest then sec.earliest = expires end
  if not sec.dirty then seats.touch_section(sec) end
end

-- The codes with what was changed since they were read.
function seats.codes_of(sec)
  local list = {}
  for at in pairs(sec.bytes) do list[#list + 1] = at end
  if #list == 0 then return sec.codes end
  table.sort(list)
  local pieces, next = {}, 0
  for i = 1, #list do
    local at = list[i]
    if at > next then pieces[#pieces + 1] = string.sub(sec.codes, next + 1, at) end
    pieces[#pieces + 1] = string.char(sec.bytes[at])
    next = at + 1
  end
  pieces[#pieces + 1] = string.sub(sec.codes, next + 1)
  sec.codes = table.concat(pieces)
  sec.bytes = {}
  return sec.codes
end

function seats.section_row(sec)
  local name = 's' .. sec.name
  if sec.dirty then
    seats.rows[name] = pack(sec.rank, sec.count, sec.version, sec.earliest, seats.codes_of(sec))
  end
  return seats.rows[name]
end

-- Adds to the log, which keeps the last 4 096 changes at least: it is cut by halves of as many.
function seats.log_news(text)
  local meta, cut = seats.meta, 0
  meta[6] = meta[6] + 1
  meta[7] = meta[7] + seats.told
  if meta[7] >= 4096 then
    cut = meta[4]
    meta[3], meta[4], meta[5], meta[6], meta[7] = meta[5], meta[6], seats.version, 0, 0
  end
  return cut
end

-- Writes all that was changed, and answers the news. What Redis refuses for want of memory is the first that is written.
function seats.save()
  local meta, fields, gone = seats.meta, seats.fields, seats.gone
  local text = table.concat(seats.news)
  if seats.version == seats.from and #seats.answers + #fields + #gone + #seats.dirty_sections + #seats.dirty_holders +
    #seats.dirty_holds + #seats.unanswered == 0 and not seats.moved then
    return text
  end
  -- The history of a part has no holes: the map takes it over entry by entry.
  local is_news = seats.told > 0 or is_part and seats.version > seats.from
  local cut, entered = is_news and seats.log_news() or 0, {}
  meta[2] = seats.version
  fields[#fields + 1] = ''
  fields[#fields + 1] = pack(unpack(meta))
  for _, sec in ipairs(seats.dirty_sections) do
    fields[#fields + 1] = 's' .. sec.name
    fields[#fields + 1] = seats.section_row(sec)
    -- At most 32 to an entry: so many are read at once when they are due.
    for expires, ids in pairs(sec.due) do
      for first = 1, #ids, 32 do
        entered[#entered + 1] = seats.score(sec, expires)
        entered[#entered + 1] = sec.rank .. ' ' .. table.concat(ids, ' ', first, math.min(first + 31, #ids))
      end
    end
  end
  for _, one in ipairs(seats.dirty_holds) do
    if seats.holds[one.id] == one then
      fields[#fields + 1] = 'h' .. one.id
      fields[#fields + 1] = seats.hold_row(one)
    end
  end
  for _, who in ipairs(seats.dirty_holders) do
    if who[1] == 0 and who[2] == 0 and who[3] <= now and #who == 3 then
      gone[#gone + 1] = 'v' .. who.id
    else
      fields[#fields + 1] = 'v' .. who.id
      fields[#fields + 1] = pack(unpack(who))
    end
  end
  for _, id in ipairs(seats.ended) do
    if not seats.holds[id] and not seats.rows['h' .. id] then gone[#gone + 1] = 'h' .. id end
  end
  seats.write('HSET', seats.state, fields)
  if seats.turned then redis.call('UNLINK', KEYS[6 + meta[8]]) end
  seats.write('HDEL', seats.state, gone)
  seats.write('ZREM', seats.due, seats.over)
  seats.write('ZADD', seats.due, entered)
  if is_news then redis.call('RPUSH', KEYS[5], pack(seats.from, seats.version, seats.told, text)) end
  if cut > 0 then redis.call('LTRIM', KEYS[5], cut, -1) end
  seats.write('HDEL', KEYS[6], seats.unanswered)
  seats.write('HDEL', KEYS[7], seats.unanswered)
  seats.write('HSET', KEYS[6 + meta[8]], seats.answers)
  if seats.save_owners then seats.save_owners() end
  return text
end

seats.save_owners = false

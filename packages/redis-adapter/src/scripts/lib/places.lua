-- What became of each number: one byte a number in a string; nothing there means waiting or, once the line has passed it,
-- forgotten (its state was lost with the store's data). Counts of all states are fields of the line.
local names = { o = 'offered', a = 'active', p = 'lapsed', l = 'late', d = 'done', e = 'expired', x = 'left' }
local ended = { done = true, expired = true, left = true }
local left_shown = 1000

-- The bytes of a range.
local function states_in(first, last)
  local bytes = redis.call('GETRANGE', states_key, digits(first - 1), digits(last - 1))
  return bytes .. string.rep('\0', last - first + 1 - #bytes)
end

local function put_states(first, bytes) redis.call('SETRANGE', states_key, digits(first - 1), bytes) end

local function state_of(number)
  local at = digits(number - 1)
  return names[redis.call('GETRANGE', states_key, at, at)] or (number <= line.through and 'forgotten' or 'waiting')
end

local function count_move(from, to, count)
  line[from] = line[from] - count
  line[to] = line[to] + count
  line.counter = line.counter + count
end

local function move(number, from, byte)
  count_move(from, names[byte], 1)
  put_states(number, byte)
end

-- When a number was last offered, if more than once: older slices are not about it any more.
local again

local function load_again()
  if again then return end
  again = {}
  local pairs_of = redis.call('HGETALL', again_key)
  for i = 1, #pairs_of, 2 do again[tonumber(pairs_of[i])] = tonumber(pairs_of[i + 1]) end
end

local function set_again(number)
  redis.call('HSET', again_key, digits(number), digits(now))
  if again then again[number] = now end
end

local function clear_again(number)
  redis.call('HDEL', again_key, digits(number))
  if again then again[number] = nil end
end

local function pass_until() return now + line.passTtl * 1000 end

local function activate(number, from, until_)
  move(number, from, 'a')
  redis.call('ZADD', passes_key, encode(until_), digits(number))
end

-- The late are `late` in number order.
local function leave_late(number) redis.call('ZREM', late_key, digits(number)) end

local function become_late(number, from)
  move(number, from, 'l')
  redis.call('ZADD', late_key, digits(number), digits(number))
end

local function end_place(number, from, byte)
  if from == 'late' then leave_late(number) end
  if from == 'waiting' then
    redis.call('RPUSH', left_key, digits(number))
    redis.call('LTRIM', left_key, -left_shown, -1)
  end
  if from == 'active' then redis.call('ZREM', passes_key, digits(number)) end
  move(number, from, byte)
  clear_again(number)
end

-- passBy: the numbers up to here have been passed; what became of those that still wait for the store is not known to it.
local function pass_by(number)
  local to = math.min(number, line.tail)
  if to <= line.through then return end
  local _, count = string.gsub(states_in(line.through + 1, to), '%z', '')
  line.waiting, line.forgotten = line.waiting - count, line.forgotten + count
  line.through = to
  changed()
end

-- Slices: "from to at", oldest first.
local function parse_slice(text)
  local from, to, at = string.match(text, '(%d+) (%d+) (%d+)')
  return { from = tonumber(from), to = tonumber(to), at = tonumber(at) }
end

local function add_slice(from, to)
  redis.call('RPUSH', slices_key, digits(from) .. ' ' .. digits(to) .. ' ' .. digits(now))
end

-- Moves the numbers of a slice that are in a state since that very slice. In pieces: a slice may be the whole line.
local function move_slice(slice, from, to)
  load_again()
  for first = slice.from, slice.to, 4096 do
    local bytes = states_in(first, math.min(first + 4095, slice.to))
    local moved, count = string.gsub(bytes, from, to)
    if next(again) then
      count = 0
      moved = string.gsub(bytes, '()' .. from, function(at)
        local number = first + at - 1
        local since = again[number]
        if since and since ~= slice.at then return nil end
        if since and ended[names[to]] then clear_again(number) end
        count = count + 1
        return to
      end)
    end
    if count > 0 then
      put_states(first, moved)
      count_move(names[from], names[to], count)
    end
  end
end

-- Takes the slices of a list whose time has come.
local function due_slices(list, seconds, each)
  while true do
    local text = redis.call('LINDEX', list, 0)
    local slice = text and parse_slice(text)
    if not slice or slice.at + seconds * 1000 > now then return end
    each(slice, text)
    redis.call('LPOP', list)
  end
end

-- endDue
local function end_due()
  local over = redis.call('ZRANGEBYSCORE', passes_key, '-inf', encode(now))
  if #over > 0 then
    load_again()
    for _, text in ipairs(over) do
      local number = tonumber(text)
      move(number, 'active', 'e')
      if again[number] then clear_again(number) end
    end
    redis.call('ZREMRANGEBYSCORE', passes_key, '-inf', encode(now))
  end
  if line.lost > 0 and line.lostUntil <= now then
    line.lost = 0
    changed()
  end
  due_slices(slices_key, line.claimWindow, function(slice, text)
    move_slice(slice, 'o', 'p')
    redis.call('RPUSH', lapsed_key, text)
  end)
  due_slices(lapsed_key, line.claimWindow + line.grace, function(slice) move_slice(slice, 'p', 'e') end)
end

-- Who may go in (core: admission.ts).
local function free_slots()
  if not line.capacity then return math.huge end
  return math.max(0, line.capacity - line.offered - line.active - line.lost)
end

local function admits() return line.state == 'open' or line.state == 'draining' end

-- stepSize
local function step_size()
  if not admits() or line.late > 0 or line.through >= line.tail then return 0 end
  local bounds = bounds_of(line.through + 1)
  local opens, full = line.through + 1 == bounds.first, line.tail >= bounds.last
  if opens and not full and now < line.tailSince + line.partial * 1000 then return 0 end
  return math.min(free_slots(), line.tail - line.through, bounds.last - line.through, allowance())
end

-- admitsDirectly
local function admits_directly()
  return line.state == 'open' and line.waiting == 0 and line.late == 0 and free_slots() >= 1 and allowance() >= 1
end

-- lateOffers
local function late_offers()
  return admits() and math.min(line.late, free_slots(), allowance()) or 0
end

-- Offers the numbers that wait in a range.
local function offer(first, last)
  local bytes, count = string.gsub(states_in(first, last), '%z', 'o')
  put_states(first, bytes)
  count_move('waiting', 'offered', count)
  return count
end

-- admit (core: line.memory.ts): the late first, by number; then the line. What moves in one tick is one slice.
local function admit()
  move_meter()
  local k = late_offers()
  if k > 0 then
    for _, text in ipairs(redis.call('ZRANGE', late_key, 0, k - 1)) do
      local number = tonumber(text)
      leave_late(number)
      move(number, 'late', 'o')
      set_again(number)
      add_slice(number, number)
    end
    spend(k)
  end
  local from = line.through + 1
  while true do
    local step = step_size()
    if step <= 0 then break end
    local count = offer(line.through + 1, line.through + step)
    line.through = line.through + step
    changed()
    spend(count)
  end
  if line.through >= from then add_slice(from, line.through) end
end

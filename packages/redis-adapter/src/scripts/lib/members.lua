-- The lists of members: who stands at a number. No decision reads them.

-- Where a number stands: its list, the index there, and the last number of that list. Nil while the draw has not been
-- written there: a visitor who then brings back a lost place is not listed.
local function list_place(number)
  if line.draw == '' then
    local nth = math.floor((number - 1) / ranks_per_list)
    return rank_list(nth), number - 1 - nth * ranks_per_list, (nth + 1) * ranks_per_list
  end
  if number <= line.unbuilt then return nil end
  local bounds = bounds_of(number)
  return group_list(bounds.group), number - math.max(bounds.first, line.unbuilt + 1), bounds.last
end

-- Numbers that nobody took, or whose visitors were lost, are empty.
local function append_members(list, at, visitors)
  local length = redis.call('LLEN', list)
  for i = at - length, 1, -1000 do
    local gap = {}
    for j = 1, math.min(i, 1000) do gap[j] = '' end
    redis.call('RPUSH', list, unpack(gap))
  end
  redis.call('RPUSH', list, unpack(visitors))
  if length == 0 then redis.call('PEXPIRE', list, list_life) end
end

local function set_member(number, visitor)
  local list, at = list_place(number)
  if not list then return end
  if at < redis.call('LLEN', list) then
    redis.call('LSET', list, digits(at), visitor)
  else
    append_members(list, at, { visitor })
  end
end

-- Writes the members of a step: consecutive numbers from `first`.
local function add_members(first, visitors)
  local from = 1
  while from <= #visitors do
    local list, at, last = list_place(first + from - 1)
    local to = math.min(#visitors, last - first + 1)
    append_members(list, at, { unpack(visitors, from, to) })
    from = to + 1
  end
end

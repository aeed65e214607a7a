#!lua
-- Ends places.
-- KEYS  the ten keys of the line
-- ARGV  1 clock · 2 record · 3 epoch · then for each place: visitor, '' (look it up) or n<number> or r<rank>, done | left
-- reply 'RECOVER' · 'epoch-over' · for each place 1 this call ended it · 0 it had not begun or was over

-- include store
-- include line
-- include places

if not load_line() then return 'RECOVER' end
if line.epoch ~= ARGV[3] then return 'epoch-over' end
end_due()

local has_numbers = line.draw ~= ''

local function place_at(visitor, place)
  if place ~= '' then
    local kind, number = string.match(place, '^([nr])(%d+)$')
    return (kind == 'n') == has_numbers and tonumber(number) or nil
  end
  local ranked, at = string.match(redis.call('HGET', index_key, visitor) or '', '^(r?)(%d+):')
  return at and (ranked ~= 'r') == has_numbers and tonumber(at) or nil
end

local replies = {}
for i = 4, #ARGV, 3 do
  local at = place_at(ARGV[i], ARGV[i + 1])
  local state = at and at >= 1 and at <= line.tail and state_of(at)
  if state and not ended[state] then
    end_place(at, state, (state == 'active' and ARGV[i + 2] == 'done') and 'd' or 'x')
    replies[#replies + 1] = 1
  else
    replies[#replies + 1] = 0
  end
end
save_line()
return replies

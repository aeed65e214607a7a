#!lua
-- Claims offered places, or checks passes.
-- KEYS  the ten keys of the line
-- ARGV  1 clock · 2 record · 3 epoch · 4 claim | check · then for each place: number, pass's end (check)
-- reply 'RECOVER' · 'epoch-over' · for each place <what it is>, and for 'active' until when

-- include store
-- include line
-- include places

if not load_line() then return 'RECOVER' end
if line.epoch ~= ARGV[3] then return 'epoch-over' end
end_due()

local replies = {}
local function reply(is, until_)
  replies[#replies + 1] = is
  replies[#replies + 1] = until_
end

local function take(number, state, until_)
  activate(number, state, until_)
  reply('active', until_)
end

-- standing
local function stand(number, state)
  if state == 'active' then return reply('active', tonumber(redis.call('ZSCORE', passes_key, digits(number)))) end
  if state == 'done' then return reply('left') end
  reply((state == 'offered' or state == 'forgotten') and 'waiting' or state)
end

-- claimPlace
local function claim(number)
  if number < 1 or number > line.tail then return reply('waiting') end
  local state = state_of(number)
  if state == 'offered' or (state == 'forgotten' and line.lost > 0) then
    if line.state == 'ended' then return reply('waiting') end
    if state == 'forgotten' then line.lost = line.lost - 1 end
    return take(number, state, pass_until())
  end
  if state == 'lapsed' or state == 'forgotten' then
    become_late(number, state)
    return reply('late')
  end
  stand(number, state)
end

-- checkPass
local function check(number, until_)
  if number < 1 or number > line.tail or line.draw == '' then return reply('expired') end
  local state = state_of(number)
  if state == 'active' or ended[state] then return stand(number, state) end
  if until_ <= now then return reply('expired') end
  pass_by(number)
  if state == 'late' then leave_late(number) end
  state = state_of(number)
  if state == 'forgotten' then line.lost = math.max(0, line.lost - 1) end
  take(number, state, until_)
end

for i = 5, #ARGV, 2 do
  if ARGV[4] == 'claim' then claim(tonumber(ARGV[i])) else check(tonumber(ARGV[i]), tonumber(ARGV[i + 1])) end
end
save_line()
return replies

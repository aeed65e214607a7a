#!lua
-- Takes over a newer schedule record; installs the line, or recovers it.
-- KEYS  the ten keys of the line
-- ARGV  1 clock · 2 record's id · 3 record (JSON) · 4 1 recover, else 0 · 5 known document (JSON) or ''
--       6, 7, 8 states and given-up ranks in the order of the draw, and the hash that they came with; '' at first
-- reply 'RECOVER' · the document (lib/document)
--       {'draw', hash, states by rank, given-up ranks}: order them by the draw, then call again with 6 to 8

-- include store
-- include line
-- include meter
-- include places
-- include document

local function decode(text)
  local object = cjson.decode(text)
  for name, value in pairs(object) do
    if value == cjson.null then object[name] = nil end
  end
  return object
end

local record, recover = decode(ARGV[3]), ARGV[4] == '1'
local known = ARGV[5] ~= '' and decode(ARGV[5]) or nil
local sound = load_line()
local exists = line.record == ARGV[2]
local rules = { 'state', 'ceiling', 'groupSize', 'rate', 'capacity', 'passTtl', 'claimWindow', 'grace', 'partial', 'version' }

local function set_rules()
  for _, name in ipairs(rules) do line[name] = record[name] end
end

-- newLine. Whatever stands under these keys is another life's.
local function new_line(counter, tail)
  local old = {}
  if line.epoch and line.epoch ~= record.epoch then
    old[1] = digits(bounds_of(math.max(1, line.tail)).group) .. ' ' .. line_key .. ':' .. line.epoch .. ':group:'
    old[2] = digits(math.floor(line.tail / ranks_per_list)) .. ' ' .. line_key .. ':' .. line.epoch .. ':ranks:'
  end
  for _, key in ipairs(KEYS) do
    if key ~= old_key then redis.call('UNLINK', key) end
  end
  if old[1] then redis.call('RPUSH', old_key, old[1], old[2]) end
  line, stored, segments, again = { record = ARGV[2], epoch = record.epoch, run = run, life = record.life }, {}, nil, nil
  set_rules()
  line.segments, line.tail, line.through, line.tailSince, line.counter = '', 0, 0, now, counter
  set_group_size(record.groupSize)
  line.tail, line.draw, line.unbuilt, line.lost, line.lostUntil = tail, record.draw, 0, 0, 0
  for _, name in pairs(names) do line[name] = 0 end
  line.forgotten, line.waiting = 0, tail
  new_meter(0)
end

-- open: ranks become numbers. What was known of ranks is known of the numbers they drew.
local function open()
  line.draw, line.unbuilt = record.draw, line.tail
  if ARGV[6] == '' then return end
  redis.call('SET', states_key, ARGV[6])
  redis.call('DEL', left_key)
  for number in string.gmatch(ARGV[7], '%d+') do redis.call('RPUSH', left_key, number) end
end

-- takeOver
local function take_over()
  set_group_size(record.groupSize)
  retune(record.rate, record.groupSize)
  set_rules()
  line.life = record.life
  changed()
  if line.draw == '' and record.draw ~= '' then open() end
end

-- configured
local function configured()
  if record.epoch ~= line.epoch then return new_line(line.counter + 1, 0) end
  take_over()
end

-- recovered: what is known is kept; what may have happened since is assumed.
local function recovered(kept)
  if not kept then new_line(0, 0) end
  line.run, line.life = run, record.life
  line.waiting = line.waiting + math.max(0, record.ceiling - line.tail)
  line.tail, line.tailSince = math.max(line.tail, record.ceiling), now
  if kept then take_over() end
  if not record.opened or record.ceiling == 0 then return end
  local last = known and known.epoch == record.epoch and known or nil
  local slots = last and last.slots or record.capacity or 0
  line.lost = math.max(line.lost, slots - line.offered - line.active, 0)
  line.lostUntil = pass_until()
  new_meter(math.max(last and last.recent or record.rate or 0, line.recent))
end

-- A line that opens by a draw needs its states in the order of the draw, which only core knows.
local function to_order()
  local policy = string.match(record.draw, '"policy":"(%a+)"')
  if not exists or policy ~= 'draw' or line.draw ~= '' or line.epoch ~= record.epoch then return nil end
  local states = redis.call('GET', states_key)
  if not states or redis.sha1hex(states) == ARGV[8] then return nil end
  return { 'draw', redis.sha1hex(states), states, table.concat(redis.call('LRANGE', left_key, 0, -1), ' ') }
end

local newer = not record.pending and not (exists and line.version >= record.version)
local other_life = sound and line.life ~= record.life
if not recover and (not sound or (newer and other_life)) then return 'RECOVER' end
if not sound and not newer then return 'RECOVER' end
local order = newer and to_order()
if order then return order end

if sound then end_due() end
if newer and (not sound or other_life) then
  recovered(exists and line.epoch == record.epoch)
elseif newer then
  configured()
end
if known and known.epoch == line.epoch then pass_by(known.through) end
save_line()
if newer then keep_line() end
return document()

-- A line: the hash of KEYS[1] as a table, and its keys. Numbers are integers throughout, as in core's Meter, so that Redis and
-- memory agree exactly. Every script of the queue has the same KEYS (keys.ts) and ARGV[2], the id of the record.
local line_key, index_key, states_key, passes_key, slices_key, lapsed_key, again_key, late_key, left_key, old_key = unpack(KEYS)
local now, run = store_now(), store_run()
local line, stored = {}, {}

-- Fields that are text; every other one is a number, or empty for null.
local texts = { run = true, record = true, epoch = true, state = true, draw = true, segments = true, buckets = true }

local function encode(value)
  if value == nil then return '' end
  if type(value) == 'number' then return string.format('%.17g', value) end
  return value
end

-- Whether the store can vouch for the line: written by this run of the server, for this record.
local function load_line()
  local fields = redis.call('HGETALL', line_key)
  for i = 1, #fields, 2 do
    local name, value = fields[i], fields[i + 1]
    stored[name] = value
    line[name] = texts[name] and value or tonumber(value)
  end
  return line.run == run and line.record == ARGV[2]
end

-- Writes what differs. Only a change that counts is one: a meter that moved on with the clock is not.
local function save_line()
  if stored.counter and line.counter == tonumber(stored.counter) then return end
  local changes = {}
  for name, value in pairs(line) do
    local text = encode(value)
    if stored[name] ~= text then
      changes[#changes + 1] = name
      changes[#changes + 1] = text
      stored[name] = text
    end
  end
  -- A field that is null now.
  for name, text in pairs(stored) do
    if line[name] == nil and text ~= '' then
      changes[#changes + 1] = name
      changes[#changes + 1] = ''
    end
  end
  redis.call('HSET', line_key, unpack(changes))
end

local function changed() line.counter = line.counter + 1 end

-- Groups (core: group.ts). Text: "fromNumber:fromGroup:size …".
local segments

local function segments_of(text)
  local list = {}
  for from, group, size in string.gmatch(text, '(%d+):(%d+):(%d+)') do
    list[#list + 1] = { from = tonumber(from), group = tonumber(group), size = tonumber(size) }
  end
  return list
end

-- boundsOf
local function bounds_of(number)
  segments = segments or segments_of(line.segments)
  local at = #segments
  while at > 1 and segments[at].from > number do at = at - 1 end
  local segment, following = segments[at], segments[at + 1]
  local nth = math.floor((number - segment.from) / segment.size)
  local first = segment.from + nth * segment.size
  local last = math.min(first + segment.size, following and following.from or math.huge) - 1
  return { group = segment.group + nth, first = first, last = last }
end

-- withGroupSize
local function set_group_size(size)
  local kept = {}
  for _, segment in ipairs(segments_of(line.segments)) do
    if segment.from <= line.tail then kept[#kept + 1] = segment end
  end
  segments = kept
  if #kept == 0 or kept[#kept].size ~= size then
    local group = #kept == 0 and 1 or bounds_of(line.tail).group + 1
    kept[#kept + 1] = { from = line.tail + 1, group = group, size = size }
  end
  local parts = {}
  for i, segment in ipairs(kept) do
    parts[i] = digits(segment.from) .. ':' .. digits(segment.group) .. ':' .. digits(segment.size)
  end
  line.segments = table.concat(parts, ' ')
end

-- The lists of members: by group, and by thousands of ranks before the opening.
local function group_list(group) return line_key .. ':' .. line.epoch .. ':group:' .. digits(group) end
local function rank_list(nth) return line_key .. ':' .. line.epoch .. ':ranks:' .. digits(nth) end
local ranks_per_list = 1000
local list_life = 30 * 24 * 3600 * 1000

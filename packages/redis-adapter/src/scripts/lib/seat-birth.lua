-- How a shard begins.

-- What another run of the server has written counts for nothing, but no version may come again.
local function is_late(incarnation)
  return incarnation < (seats.meta and seats.meta[1] or seats.lost and seats.lost + 1 or 0)
end

-- Begins, or goes on under a newer incarnation.
local function begin(incarnation)
  if not seats.meta then
    redis.call('UNLINK', unpack(KEYS))
    seats.rows = setmetatable({}, { __index = function() return false end })
    seats.meta = { incarnation, 0, 0, 0, 0, 0, 0, 0, now, 3600000, 0, store_run(), now, ARGV[2], now, 9007199254740991 }
  end
  seats.meta[1] = incarnation
  seats.version = math.max(seats.version, incarnation * 4294967296)
  seats.moved = true
end

-- No delta spans this instant.
local function cut_log()
  local meta = seats.meta
  seats.told = 0
  meta[3], meta[4], meta[5], meta[6], meta[7] = seats.version, 0, seats.version, 0, 0
  redis.call('DEL', KEYS[5])
end

local function live_on(ms)
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, ms) end
end

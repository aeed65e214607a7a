-- Shows what became of seats, each unless something newer is shown. Nobody decides anything by it.
-- KEYS  seat:{<scheduleId>}:<seatId>, one per seat
-- ARGV  1 clock (not read) · then for each key: version, life in ms (0: it is free, the key goes), document
-- reply nothing

for i, key in ipairs(KEYS) do
  local at = 3 * i - 1
  local shown = redis.call('GET', key)
  local version = shown and tonumber(string.match(shown, '"version":(%d+)')) or 0
  if tonumber(ARGV[at]) >= version then
    if ARGV[at + 1] == '0' then
      redis.call('DEL', key)
    else
      redis.call('SET', key, ARGV[at + 2], 'PX', ARGV[at + 1])
    end
  end
end

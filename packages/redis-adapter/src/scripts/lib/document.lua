-- What a tick answers, as the client reads it: documentOf in line-document.ts. The fields come in this order.
local document_fields = {
  'epoch', 'life', 'counter', 'state', 'version', 'tail', 'ceiling', 'through', 'rate', 'capacity', 'recent', 'since',
  'segments', 'draw', 'unbuilt', 'lost', 'waiting', 'offered', 'active', 'lapsed', 'late', 'done', 'expired', 'left',
  'forgotten',
}
local late_shown = 1000

local function document()
  move_meter()
  local values = {}
  for i, name in ipairs(document_fields) do values[i] = encode(line[name]) end
  return {
    encode(now),
    values,
    redis.call('LRANGE', slices_key, 0, -1),
    redis.call('ZRANGE', late_key, 0, late_shown - 1),
    redis.call('LRANGE', left_key, 0, -1),
  }
end

-- A line lives for a month after its last tick; members' lists for a month from their first number.
local function keep_line()
  for _, key in ipairs(KEYS) do redis.call('PEXPIRE', key, list_life) end
end

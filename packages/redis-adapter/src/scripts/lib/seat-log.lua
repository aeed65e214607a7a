-- Entries of the log of news after a version, the oldest first; nothing where some are no longer in it, or of more than 4 096
-- changes.
local function entries_after(since)
  if since < seats.meta[3] or since > seats.version then return end
  local newest_first, entries, changes, last, over = {}, {}, 0, -1, false
  repeat
    local list = redis.call('LRANGE', KEYS[5], last - 63, last)
    for i = #list, 1, -1 do
      local _, after, count = unpack_row(list[i])
      over = over or after <= since
      if not over then
        changes = changes + count
        newest_first[#newest_first + 1] = list[i]
      end
    end
    if changes > 4096 then return end
    last = last - 64
  until over or #list < 64
  for i = #newest_first, 1, -1 do entries[#entries + 1] = newest_first[i] end
  return entries
end

-- What the rate still lets in (core: allowance.ts). Fields of the line: stock, stockAt, buckets, recent, second, since.
local stock_unit, bucket_count = 60000, 61

-- fullStock
local function full_stock(rate, group_size)
  if not rate then return 0 end
  return math.min(rate, math.max(group_size, math.ceil(rate / 60)))
end

local function buckets_of(text)
  local buckets = {}
  for count in string.gmatch(text, '%d+') do buckets[#buckets + 1] = tonumber(count) end
  return buckets
end

local function set_buckets(buckets)
  for i = 1, bucket_count do buckets[i] = digits(buckets[i]) end
  line.buckets = table.concat(buckets, ' ')
end

-- newMeter
local function new_meter(recent)
  line.stock, line.stockAt = full_stock(line.rate, line.groupSize) * stock_unit, now
  line.second, line.since, line.recent = math.floor(now / 1000), now, recent
  local buckets = {}
  for i = 1, bucket_count do buckets[i] = i == line.second % bucket_count + 1 and recent or 0 end
  set_buckets(buckets)
end

-- meterAt, at `now`
local function move_meter()
  local grown = line.stock + math.max(0, now - line.stockAt) * (line.rate or 0)
  line.stock = math.min(grown, full_stock(line.rate, line.groupSize) * stock_unit)
  line.stockAt = math.max(line.stockAt, now)
  local second = math.floor(line.stockAt / 1000)
  if second == line.second then return end
  local buckets = buckets_of(line.buckets)
  for s = math.max(line.second, second - bucket_count) + 1, second do buckets[s % bucket_count + 1] = 0 end
  line.second, line.recent = second, 0
  for _, count in ipairs(buckets) do line.recent = line.recent + count end
  set_buckets(buckets)
end

-- allowance
local function allowance()
  if not line.rate then return math.huge end
  return math.max(0, math.min(math.floor(line.stock / stock_unit), line.rate - line.recent))
end

-- spend
local function spend(count)
  if count == 0 then return end
  local buckets, at = buckets_of(line.buckets), line.second % bucket_count + 1
  buckets[at] = buckets[at] + count
  set_buckets(buckets)
  if line.rate then line.stock = line.stock - count * stock_unit end
  line.recent = line.recent + count
end

-- retune: the line still has the old rule
local function retune(rate, group_size)
  move_meter()
  local full = full_stock(rate, group_size) * stock_unit
  line.stock = line.rate and math.min(line.stock, full) or full
end

-- include: keys
-- Take ids out of a queue list: a few one by one, many by building the list anew (k removals would cost k × its length).
local FEW = 8
local PORTION = 1000

local function rebuild(list, gone)
  local kept = {}
  for _, id in ipairs(redis.call('LRANGE', list, 0, -1)) do
    if not gone[id] then
      kept[#kept + 1] = id
    end
  end
  redis.call('DEL', list)
  for first = 1, #kept, PORTION do
    redis.call('RPUSH', list, unpack(kept, first, math.min(first + PORTION - 1, #kept)))
  end
end

local function unqueue(name, ids)
  if #ids <= FEW then
    for _, id in ipairs(ids) do
      redis.call('LREM', queue_key(name), 1, id)
    end
    return
  end
  local gone = {}
  for _, id in ipairs(ids) do
    gone[id] = true
  end
  rebuild(queue_key(name), gone)
end

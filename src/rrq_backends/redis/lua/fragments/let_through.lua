-- include: keys enqueue argument
-- What a task that is COMPLETE means to those that wait for it: its result is there, and one gate less. They go to the
-- front of their queues, each queue's in one go. So many at a time that no other client waits long.
local RELEASE_LIMIT = 200

local function let_through(ids, parent)
  local statuses, queues = redis.call('HMGET', key('task:status'), unpack(ids)), redis.call('HMGET', key('task:queue'), unpack(ids))
  local ready, by_queue = {}, {}
  for place, id in ipairs(ids) do
    keep_argument(id, parent)
    redis.call('SREM', task_key(id, 'depends:up'), parent)
    if statuses[place] == 'DEFERRED' and redis.call('EXISTS', task_key(id, 'depends:up')) == 0
      and not redis.call('ZSCORE', key('task:due'), id) then
      local name = queues[place]
      by_queue[name] = by_queue[name] or {}
      table.insert(by_queue[name], id)
      ready[#ready + 1] = id
      ready[#ready + 1] = 'PENDING'
    end
  end
  if #ready > 0 then
    redis.call('HSET', key('task:status'), unpack(ready))
  end
  for name, some in pairs(by_queue) do
    redis.call('LPUSH', queue_key(name), unpack(some))
    wake(name, #some)
  end
end

-- include: keys clock wake
-- Into the queue, and the gates before it: a DEFERRED task waits for its dependencies, for its time, or for both.
local function enqueue(id, front)
  local name = redis.call('HGET', key('task:queue'), id)
  redis.call('HSET', key('task:status'), id, 'PENDING')
  redis.call(front and 'LPUSH' or 'RPUSH', queue_key(name), id)
  wake(name, 1)
end

-- Who opens one gate looks at the other; the last one open lets the task through (dependencies: fragment `let_through`).
local function pass_time(id)
  redis.call('ZREM', key('task:due'), id)
  if redis.call('EXISTS', task_key(id, 'depends:up')) == 0 then
    local options = redis.call('HGET', key('task:options'), id)
    enqueue(id, options and cjson.decode(options).front)
  end
end

-- Let through what is due, at most `most` of them; returns them.
local function open_due(most)
  local due = redis.call('ZRANGEBYSCORE', key('task:due'), '-inf', now, 'LIMIT', 0, most)
  if #due > 0 then
    redis.call('HSET', key('task:status'), due[1], 'DEFERRED')
  end
  for _, id in ipairs(due) do
    pass_time(id)
  end
  return due
end

-- include: keys
-- Whether there is anything of the queue. Who still looks after one that was destroyed writes nothing that would be left.
local function is_there()
  return redis.call('EXISTS', key('version'), key('worker:id'), key('task:status')) > 0
end

-- include: keys
-- R3, R4: as many tokens as tasks at most, and at least one where there is a task. One may be for a task that is due
-- later, until somebody who sleeps has heard of it.
local function rearm(name)
  local tasks, tokens = redis.call('LLEN', queue_key(name)), redis.call('LLEN', wake_key(name))
  if tasks == 0 then
    if tokens > 0 and redis.call('EXISTS', key('task:due')) == 0 then
      redis.call('DEL', wake_key(name))
    end
  elseif tokens == 0 then
    redis.call('RPUSH', wake_key(name), '1')
  elseif tokens > tasks then
    redis.call('LTRIM', wake_key(name), 0, tasks - 1)
  end
end

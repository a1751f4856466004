-- Take a waiting task out, or ask the worker of a separate process to stop it.
-- ARGV: Q, call id, T
-- Returns: {DONE | ASKED | LOCAL | OVER, status, dependents left to release}; {'NO_TASK'}
-- Law: a cancelled task is in no queue and holds nobody back; the same call again answers DONE.
-- include: keys clock wake object end_task enqueue release reason
local id = ARGV[3]
local status = redis.call('HGET', key('task:status'), id)
if not status then
  return {'NO_TASK'}
end
if status == 'PENDING' or status == 'DEFERRED' then
  give_reason(id, 'cancelled', '', ARGV[2])
  local left = end_and_release(id, 'CANCELLED')
  redis.call('LREM', queue_key(redis.call('HGET', key('task:queue'), id)), 1, id)
  redis.call('ZREM', key('task:due'), id)
  for _, parent in ipairs(redis.call('SMEMBERS', task_key(id, 'depends:up'))) do
    redis.call('SREM', task_key(parent, 'depends:down'), id)
    redis.call('SADD', task_key(id, 'depends:unmet'), parent)
  end
  redis.call('DEL', task_key(id, 'depends:up'))
  return {'DONE', 'CANCELLED', left}
end
if status == 'RUNNING' then
  if redis.call('HGET', key('task:local'), id) == 'TRUE' then
    return {'LOCAL', status, 0}
  end
  redis.call('HSET', key('task:cancel'), id, 'TRUE')
  wake_worker(redis.call('HGET', key('task:worker'), id))
  return {'ASKED', status, 0}
end
local reason = redis.call('HGET', key('task:reason'), id)
if reason and cjson.decode(reason).call == ARGV[2] then
  return {'DONE', status, redis.call('SCARD', key('task:releasing'))}
end
return {'OVER', status, 0}

-- include: keys release attempt reason
-- A claim that ended with its worker: `on_lost` decides. The task goes to the front of its queue, or it has DIED; so has
-- one that was asked to stop, whatever `on_lost` says.
local function lose_task(id, kind, detail)
  if redis.call('HGET', key('task:status'), id) ~= 'RUNNING' then
    return ''
  end
  local options = options_of(id)
  local losses = redis.call('HINCRBY', key('task:losses'), id, 1)
  note_attempt(id, 'DIED', kind .. ': ' .. detail)
  if options.on_lost == 'requeue' and losses < (options.max_attempts or 3)
    and redis.call('HEXISTS', key('task:cancel'), id) == 0 then
    enqueue(id, true)
    return 'REQUEUED'
  end
  give_reason(id, kind, detail)
  end_and_release(id, 'DIED')
  return 'DIED'
end

-- What a worker held, when it is gone. Returns the task and what became of it.
local function settle(worker, kind, detail)
  local id = redis.call('HGET', key('worker:task'), worker)
  if not id then
    return '', ''
  end
  local became = lose_task(id, kind, detail)
  redis.call('HDEL', key('worker:task'), worker)
  return id, became
end

-- What was left for a worker of this id, and its heartbeat.
local function clear_desk(worker)
  redis.call('DEL', worker_key(worker, 'message'), worker_key(worker, 'wake'), worker_key(worker, 'heartbeat'),
    worker_key(worker, 'heartbeat:kill'))
  redis.call('HDEL', key('worker:terms'), worker)
  redis.call('HDEL', key('worker:late'), worker)
end

-- Sign a worker off: its session is over.
local function sign_off(worker, status)
  redis.call('HSET', key('worker:status'), worker, status)
  redis.call('SREM', key('worker:id'), worker)
  redis.call('HDEL', key('worker:session'), worker)
  clear_desk(worker)
end

-- include: keys clock end_task release erase lose finding reason statuses
-- The fields of one task: each that its status asks for is there, and none that it forbids.
local KNOWN_STATUS = {
  PENDING = true, RUNNING = true, DEFERRED = true, COMPLETE = true, ERROR = true, CANCELLED = true, DIED = true,
  TIMEOUT = true, IMPOSSIBLE = true, MOVED = true,
}

local function field(name, id)
  return redis.call('HGET', key('task:' .. name), id)
end

local function set_field(name, id, value)
  return function() redis.call('HSET', key('task:' .. name), id, value) end
end

local function drop_field(name, id)
  return function() redis.call('HDEL', key('task:' .. name), id) end
end

local function end_damaged(id, what)
  return function()
    withdraw({id})
    give_reason(id, 'damaged', what)
    end_and_release(id, 'DIED')
  end
end

local function queue_with(id)
  for _, name in ipairs(redis.call('SMEMBERS', key('queues'))) do
    if redis.call('LPOS', queue_key(name), id) then
      return name
    end
  end
  return 'default'
end

local function is_json(text)
  local ok, value = pcall(cjson.decode, text)
  return ok and type(value) == 'table'
end

local function check_always(id, status)
  if not field('expr', id) then
    broken('task-fields', id, 'is ' .. status .. ' and has no call to run',
      LIVE[status] and end_damaged(id, 'its call is lost') or set_field('expr', id, ''))
  end
  local name = field('queue', id)
  if not name then
    broken('task-fields', id, 'names no queue', function()
      name = queue_with(id)
      redis.call('HSET', key('task:queue'), id, name)
    end)
  end
  if name and redis.call('SISMEMBER', key('queues'), name) == 0 then
    broken('key-belongs-to-the-queue', id, 'is of the queue ' .. name .. ', which is not in the list of queues',
      function() redis.call('SADD', key('queues'), name) end)
  end
  local where = field('local', id)
  if where ~= 'TRUE' and where ~= 'FALSE' then
    broken('task-fields', id, 'does not say whether it runs inside its worker', set_field('local', id, 'TRUE'))
  end
  if not field('time_submit', id) then
    broken('task-fields', id, 'has no time of submission', set_field('time_submit', id, field('time_start', id) or now))
  end
  for _, name_of in ipairs({'options', 'reason'}) do
    local text = field(name_of, id)
    if text and not is_json(text) then
      broken('task-fields', id, 'has ' .. name_of .. ' that cannot be read', drop_field(name_of, id))
    end
  end
end

-- The two marks by which a worker knows what to look for.
local function check_marks(id, status)
  local text = field('options', id)
  if text and not is_json(text) then
    return
  end
  local options = options_of(id)
  local separate = field('local', id) == 'FALSE' or nil
  local carries = redis.call('EXISTS', task_key(id, 'arguments')) == 1
    -- Once it has run, there may be what its worker has stored for it.
    or (LIVE[status] and not field('attempt', id) and redis.call('EXISTS', S .. ':tag_hash:' .. id) == 1)
  if options.separate ~= separate or (carries and not options.carries) then
    broken('task-fields', id, 'has options that do not say where it runs, or what it carries', function()
      options.separate, options.carries = separate, carries or nil
      redis.call('HSET', key('task:options'), id, cjson.encode(options))
    end)
  end
end

-- What only tasks of some statuses may have.
local function check_forbidden(id, status)
  if status ~= 'RUNNING' and field('cancel', id) then
    broken('task-fields', id, 'is ' .. status .. ' and asked to stop', drop_field('cancel', id))
  end
  if status ~= 'DEFERRED' and redis.call('ZSCORE', key('task:due'), id) then
    broken('deferred-waits-for-something', id, 'is ' .. status .. ' and has a time to start at',
      function() redis.call('ZREM', key('task:due'), id) end)
  end
  if (LIVE[status] or status == 'MOVED') and redis.call('ZSCORE', key('task:expire'), id) then
    broken('task-fields', id, 'is ' .. status .. ' and has a time to be deleted at',
      function() redis.call('ZREM', key('task:expire'), id) end)
  end
  if not LIVE[status] and field('watchers', id) then
    broken('task-fields', id, 'is ' .. status .. ' and still watched', function() tell(id, status) end)
  end
end

local function check_running(id)
  local worker = field('worker', id)
  local holds = worker and redis.call('HGET', key('worker:task'), worker) == id
    and redis.call('SISMEMBER', key('worker:id'), worker) == 1
    and redis.call('HGET', key('worker:session'), worker)
    and field('attempt', id) and field('time_start', id)
  if not holds then
    broken('running-under-one-worker', id, 'is RUNNING, and no registered worker has it', function()
      withdraw({id})
      lose_task(id, 'damaged', 'no registered worker had it')
    end)
  end
end

local function has_result(id)
  local hash = field('result', id)
  return hash and redis.call('HEXISTS', S .. ':location', hash) == 1
    and redis.call('SISMEMBER', S .. ':tag_hash:' .. id, hash) == 1
end

local function check_ended(id, status)
  if not field('time_complete', id) then
    broken('task-fields', id, 'is ' .. status .. ' and has no time of its end', set_field('time_complete', id, now))
  end
  if status == 'COMPLETE' and not has_result(id) then
    broken('value-has-bytes-while-tagged', id, 'is COMPLETE and its result is lost', function()
      give_reason(id, 'damaged', 'its result was lost')
      redis.call('HDEL', key('task:result'), id)
      redis.call('HSET', key('task:status'), id, 'DIED')
    end)
  elseif FAILED[status] and field('result', id) and not has_result(id) then
    broken('value-has-bytes-while-tagged', id, 'is ' .. status .. ' and its error is lost', drop_field('result', id))
  elseif FAILED[status] and not field('result', id) and not field('reason', id) then
    broken('task-fields', id, 'is ' .. status .. ' and does not say why',
      function() give_reason(id, 'damaged', 'why it ended was lost') end)
  end
  local lifetime = options_of(id).result_ttl
  if lifetime and status ~= 'MOVED' and not redis.call('ZSCORE', key('task:expire'), id) then
    broken('task-fields', id, 'shall expire and has no time for it',
      function() redis.call('ZADD', key('task:expire'), after(lifetime), id) end)
  end
end

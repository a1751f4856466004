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
    untie(id)
    redis.call('DEL', task_key(id, 'depends:up'))
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

local function table_of(text)
  local ok, value = pcall(cjson.decode, text or '{}')
  return ok and type(value) == 'table' and value
end

-- Options that may be damaged.
local function read_options(id)
  return table_of(field('options', id)) or {}
end

local function check_readable(id)
  for _, name in ipairs({'options', 'reason'}) do
    if not table_of(field(name, id)) then
      broken('task-fields', id, 'has ' .. name .. ' that cannot be read', drop_field(name, id))
    end
  end
end

-- A retried task names the first of its chain in place of a call.
local function mend_call(id, status)
  return function()
    local root = field('moved_root', id)
    if LIVE[status] and not root then
      end_damaged(id, 'its call is lost')()
    end
    redis.call('HSET', key('task:expr'), id, root or '')
  end
end

local function check_always(id, status)
  if not field('expr', id) then
    broken('task-fields', id, 'is ' .. status .. ' and has no call to run', mend_call(id, status))
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
  local attempts = redis.call('LLEN', task_key(id, 'attempts'))
  if attempts > (tonumber(field('attempt', id) or 0) or 0) then
    broken('task-fields', id, 'was claimed more often than it says', set_field('attempt', id, attempts))
  end
end

-- The two marks by which a worker knows what to look for.
local function check_marks(id, status)
  local options = table_of(field('options', id))
  if not options then
    return
  end
  local separate = field('local', id) == 'FALSE' or nil
  local carries = redis.call('EXISTS', task_key(id, 'arguments')) == 1
    -- Once it has run, there may be what its worker has stored for it.
    or (LIVE[status] and not field('attempt', id) and redis.call('EXISTS', S .. ':tag_hash:' .. id) == 1)
  if options.separate ~= separate or (carries and not options.carries) then
    broken('task-fields', id, 'has options that do not say where it runs, or what it carries', function()
      options.separate, options.carries = separate, options.carries or carries or nil
      redis.call('HSET', key('task:options'), id, cjson.encode(options))
    end)
  end
  if options.carries and not carries and LIVE[status] and not field('attempt', id) then
    broken('value-has-bytes-while-tagged', id, 'is ' .. status .. ' and its arguments are lost',
      end_damaged(id, 'its arguments are lost'))
  end
end

-- What only tasks of some statuses may have.
local function check_forbidden(id, status)
  if (status ~= 'RUNNING' or field('local', id) == 'TRUE') and field('cancel', id) then
    broken('task-fields', id, 'is ' .. status .. ' and asked to stop, which it cannot', drop_field('cancel', id))
  end
  if LIVE[status] and field('result', id) then
    broken('task-fields', id, 'is ' .. status .. ' and has a result', drop_field('result', id))
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

-- What a task has to show lies in the store, under its tag.
local function check_stored(id, status)
  if status ~= 'COMPLETE' and field('result', id) and not has_result(id) then
    broken('value-has-bytes-while-tagged', id, 'is ' .. status .. ' and what came of it is lost', drop_field('result', id))
  end
  local checkpoint = field('checkpoint', id)
  if checkpoint and redis.call('SISMEMBER', S .. ':tag_hash:' .. id .. ':checkpoint', checkpoint) == 0 then
    broken('value-has-bytes-while-tagged', id, 'has a checkpoint that is lost', drop_field('checkpoint', id))
  end
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
  elseif FAILED[status] and not field('result', id) and not field('reason', id) then
    broken('task-fields', id, 'is ' .. status .. ' and does not say why',
      function() give_reason(id, 'damaged', 'why it ended was lost') end)
  end
  local lifetime = read_options(id).result_ttl
  if lifetime and not redis.call('ZSCORE', key('task:expire'), id) then
    broken('task-fields', id, 'shall expire and has no time for it',
      function() redis.call('ZADD', key('task:expire'), after(lifetime), id) end)
  end
end

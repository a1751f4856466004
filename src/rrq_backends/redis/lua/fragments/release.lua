-- include: keys end_task enqueue object
-- What the end of a task means to those that wait for it. At most `budget` of them in one script; what is left stays in
-- `depends:down`, and the ended task in `task:releasing`, until `release` has gone on.
local function leaf_of(id)
  local leaf = id
  local next = redis.call('HGET', key('task:moved_to'), leaf)
  while next do
    leaf = next
    next = redis.call('HGET', key('task:moved_to'), leaf)
  end
  return leaf
end

-- The result of a parent among the arguments of a task is kept for it, so that it outlives the parent.
local function keep_argument(id, parent)
  local arguments = redis.call('HGETALL', task_key(id, 'arguments'))
  local hash = redis.call('HGET', key('task:result'), parent)
  for at = 1, #arguments, 2 do
    if arguments[at + 1] == '' and hash and leaf_of(arguments[at]) == parent then
      redis.call('HSET', task_key(id, 'arguments'), arguments[at], hash)
      tag_value(id, hash)
    end
  end
end

local function release_one(id, parent)
  keep_argument(id, parent)
  redis.call('SREM', task_key(id, 'depends:up'), parent)
  if redis.call('HGET', key('task:status'), id) == 'DEFERRED' then
    pass_dependencies(id)
  end
end

-- The failed parent keeps the dependent in `depends:impossible`: a retry revives it from there.
local function fail_one(id, parent, kind)
  redis.call('SADD', task_key(parent, 'depends:impossible'), id)
  if redis.call('HGET', key('task:status'), id) ~= 'DEFERRED' then
    return false
  end
  redis.call('ZREM', key('task:due'), id)
  give_reason(id, kind, parent)
  end_task(id, 'IMPOSSIBLE')
  return redis.call('EXISTS', task_key(id, 'depends:down')) == 1
end

local function move_one(id, parent, leaf)
  redis.call('SADD', task_key(id, 'depends:up'), leaf)
  redis.call('SREM', task_key(id, 'depends:up'), parent)
  redis.call('SADD', task_key(leaf, 'depends:down'), id)
end

-- Breadth first, by a work list. Returns how many ended tasks still have dependents to release.
local function release(work, budget)
  local at = 1
  while work[at] and budget > 0 do
    local parent = work[at]
    local status = redis.call('HGET', key('task:status'), parent)
    local down = redis.call('SPOP', task_key(parent, 'depends:down'), budget)
    budget = budget - math.max(#down, 1)
    for _, id in ipairs(down) do
      if status == 'COMPLETE' then
        release_one(id, parent)
      elseif status == 'MOVED' then
        move_one(id, parent, leaf_of(parent))
      elseif fail_one(id, parent, 'dependency') then
        work[#work + 1] = id
      end
    end
    if redis.call('EXISTS', task_key(parent, 'depends:down')) == 0 then
      redis.call('SREM', key('task:releasing'), parent)
      at = at + 1
    end
  end
  for rest = at, #work do
    redis.call('SADD', key('task:releasing'), work[rest])
  end
  return redis.call('SCARD', key('task:releasing'))
end

local RELEASE_LIMIT = 500

-- End a task and release who waits for it.
local function end_and_release(id, status)
  end_task(id, status)
  if redis.call('EXISTS', task_key(id, 'depends:down')) == 1 then
    return release({id}, RELEASE_LIMIT)
  end
  return 0
end

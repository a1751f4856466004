-- include: keys end_task enqueue chain let_through reason statuses
-- What a change of a task means to those that wait for it. At most `budget` of them in one script; with what is left the
-- task stays in `task:releasing` until `release` has gone on.
--   COMPLETE, failed: `depends:down` is released, or becomes IMPOSSIBLE and is kept in `depends:impossible`
--   MOVED: both wait for the next of the chain      live again: `depends:impossible` waits again, and is released too
--     where the task was COMPLETE before all of them were reached
-- Breadth first, by a work list. Returns how many tasks still have dependents to treat.
local function release(work, budget)
  local function fail_one(id, parent)
    redis.call('SADD', task_key(parent, 'depends:impossible'), id)
    if redis.call('HGET', key('task:status'), id) ~= 'DEFERRED' then
      return false
    end
    redis.call('ZREM', key('task:due'), id)
    give_reason(id, 'dependency', parent)
    end_task(id, 'IMPOSSIBLE')
    return redis.call('EXISTS', task_key(id, 'depends:down')) == 1
  end

  local function has_failed_parent(id)
    for _, parent in ipairs(redis.call('SMEMBERS', task_key(id, 'depends:up'))) do
      if FAILED[redis.call('HGET', key('task:status'), parent)] then
        return true
      end
    end
    return false
  end

  -- An IMPOSSIBLE task of which nothing failed any more waits again. One that lost a dependency for ever does not.
  local function revive(id)
    local reason = redis.call('HGET', key('task:reason'), id)
    if redis.call('HGET', key('task:status'), id) ~= 'IMPOSSIBLE' or has_failed_parent(id)
      or (reason and cjson.decode(reason).kind == 'deleted') then
      return false
    end
    redis.call('HSET', key('task:status'), id, 'DEFERRED')
    redis.call('HDEL', key('task:time_complete'), id)
    redis.call('HDEL', key('task:reason'), id)
    redis.call('ZREM', key('task:expire'), id)
    redis.call('DEL', complete_key(id))
    local delay = options_of(id).delay
    local due = delay and tonumber(redis.call('HGET', key('task:time_submit'), id)) + delay
    if due and due > tonumber(now) then
      redis.call('ZADD', key('task:due'), string.format('%.6f', due), id)
    end
    return redis.call('EXISTS', task_key(id, 'depends:impossible')) == 1
  end

  local function revive_and_let_through(id, parent)
    local has_followers = revive(id)
    let_through({id}, parent)
    return has_followers
  end

  local function move_one(id, parent, leaf)
    local status = redis.call('HGET', key('task:status'), leaf)
    redis.call('SADD', task_key(id, 'depends:up'), leaf)
    redis.call('SREM', task_key(id, 'depends:up'), parent)
    if status == 'COMPLETE' then
      return revive_and_let_through(id, leaf)
    elseif FAILED[status] then
      return fail_one(id, leaf)
    else
      redis.call('SADD', task_key(leaf, 'depends:down'), id)
    end
    return revive(id)
  end

  local function wait_again(id, parent)
    redis.call('SADD', task_key(parent, 'depends:down'), id)
    return revive(id)
  end

  -- Whom the change concerns next, and what it does to each; a treatment answers whether that one has followers of its own.
  local function treatment(parent)
    local status = redis.call('HGET', key('task:status'), parent)
    if LIVE[status] then
      return 'depends:impossible', wait_again
    elseif FAILED[status] then
      return 'depends:down', fail_one
    end
    local from = redis.call('EXISTS', task_key(parent, 'depends:down')) == 1 and 'depends:down' or 'depends:impossible'
    if status == 'COMPLETE' then
      return from, from == 'depends:down' and let_through or revive_and_let_through
    end
    local leaf = leaf_of(parent)
    return from, function(id) return move_one(id, parent, leaf) end
  end

  local function is_settled(parent)
    local from = treatment(parent)
    return redis.call('EXISTS', task_key(parent, from)) == 0
  end

  local at = 1
  while work[at] and budget > 0 do
    local parent = work[at]
    local from, treat = treatment(parent)
    local some = redis.call('SPOP', task_key(parent, from), budget)
    budget = budget - math.max(#some, 1)
    if treat == let_through and #some > 0 then
      let_through(some, parent)
    else
      for _, id in ipairs(some) do
        if treat(id, parent) then
          work[#work + 1] = id
        end
      end
    end
    if is_settled(parent) then
      redis.call('SREM', key('task:releasing'), parent)
      at = at + 1
    end
  end
  for rest = at, #work do
    redis.call('SADD', key('task:releasing'), work[rest])
  end
  return redis.call('SCARD', key('task:releasing'))
end

-- End a task and release who waits for it.
local function end_and_release(id, status)
  end_task(id, status)
  if redis.call('EXISTS', task_key(id, 'depends:down')) == 1 then
    return release({id}, RELEASE_LIMIT)
  end
  return 0
end
